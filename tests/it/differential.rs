//! Corrupted traces, read by Go's reader and by ours: what Go refuses we do not accept, but for what is listed here.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::machine::{Oracle, left_out, oracle};
use crate::mutate::{self, Source};
use crate::{broken, data};

/// How many mutations are asked about, where `GOTRACE_DIFF_DIFFERENTIAL` does not say.
const COUNT: u64 = 10_000;

/// What we read and Go's reader refuses, by its words, with the reason. docs/robustness.md says the same.
const TOLERATED: &[(&str, &str)] = &[
    (
        "misuse of region",
        "a region that ends on another goroutine or twice is the program's mistake: warned of, read on",
    ),
    ("task ID conflict", "a task id used twice is the program's mistake: warned of, read on"),
    ("task id conflicts", "the same in the words of the reader of Go 1.21 and older"),
];

/// What Go's reader says of each trace.
fn asked(oracle: &Oracle, traces: &[Vec<u8>]) -> Vec<String> {
    let mut child = Command::new(oracle.script())
        .arg("-accept")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle runs");
    let mut to = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            for trace in traces {
                to.write_all(&(trace.len() as u32).to_le_bytes()).expect("the oracle reads");
                to.write_all(trace).expect("the oracle reads");
            }
        });
        child.wait_with_output().expect("the oracle runs")
    });
    let lines: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), traces.len(), "{}", lines.last().map_or("", String::as_str));
    lines
}

#[test]
fn nothing_is_accepted_that_go_refuses_but_for_what_is_listed() {
    let Some(oracle) = oracle() else { return left_out("Go 1.26 or newer", "corrupted traces beside Go's reader") };
    let asked_for = std::env::var("GOTRACE_DIFF_DIFFERENTIAL").ok().and_then(|n| n.parse::<u64>().ok());
    let count = asked_for.unwrap_or(COUNT);
    let small = ["sched", "cgo", "coro", "syscall", "tasks", "synctest"];
    let names = data::names().into_iter().filter(|name| small.iter().any(|kind| name.ends_with(kind)));
    let sources: Vec<Source> = names.map(|name| Source::new(&name, data::trace(&name))).collect();
    // Seeds that the other test does not have.
    let read = |seed: &u64| mutate::mutated(&sources, *seed).1;
    let ours = |seeds: std::ops::Range<u64>| -> Vec<(u64, u64)> {
        seeds.filter_map(|seed| Some((seed, broken::events(&read(&seed)).ok()?))).collect()
    };
    let (from, half) = (1 << 40, count / 2);
    let accepted = std::thread::scope(|scope| {
        let first = scope.spawn(|| ours(from..from + half));
        let mut second = ours(from + half..from + count);
        second.extend(first.join().expect("no panic"));
        second
    });
    assert!(accepted.len() as u64 > count / 20, "only {} of {count} are read", accepted.len());
    let traces: Vec<Vec<u8>> = accepted.iter().map(|(seed, _)| read(seed)).collect();
    let (mut tolerated, mut others) = (BTreeMap::<&str, u32>::new(), Vec::new());
    for ((seed, events), said) in accepted.iter().zip(asked(oracle, &traces)) {
        if said == format!("accept {events}") {
            continue;
        }
        match TOLERATED.iter().find(|(words, _)| said.starts_with("refuse") && said.contains(words)) {
            Some((words, _)) => *tolerated.entry(words).or_default() += 1,
            None => others.push(format!("seed {seed}: we read {events} events, Go: {said}")),
        }
    }
    println!("{} of {count} are read by both but {tolerated:?}", accepted.len());
    assert!(others.is_empty(), "{} of {}:\n{}", others.len(), accepted.len(), others.join("\n"));
}
