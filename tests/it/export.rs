//! What is exported is read by those it is for: go tool pprof, benchstat, Chrome's trace viewer. Figures equal Go's own.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gotrace_diff::export::pprof;
use gotrace_diff::export::profiles::{Kind, Waits, samples};
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::SiteFrame;
use serde_json::Value;

use crate::{browser::Browser, data, machine};

const POOL: [&str; 2] = ["testdata/regressions/pool/base.out", "testdata/regressions/pool/head.out"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn export(words: &[&str], out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
        .arg("export")
        .args(words)
        .arg("--out")
        .arg(out)
        .current_dir(root())
        .output()
        .expect("the command runs")
}

fn exported(words: &[&str], out: &Path) -> String {
    let output = export(words, out);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("export").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The stacks that `go tool pprof -traces` lists, innermost first, with their values.
fn traces_of(go: &Path, profile: &Path, sample: &str) -> BTreeMap<String, i64> {
    let output = Command::new(go)
        .args(["tool", "pprof", "-traces", &format!("-sample_index={sample}"), "-unit=ns", "-symbolize=none"])
        .arg(profile)
        .output()
        .expect("pprof runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut all: BTreeMap<String, i64> = BTreeMap::new();
    for block in text.split("-----------+-------------------------------------------------------").skip(1) {
        let mut lines = block.lines().filter(|line| !line.trim().is_empty());
        let Some(first) = lines.next() else { continue };
        let (value, leaf) = first.trim().split_once(char::is_whitespace).unwrap_or((first.trim(), ""));
        let value = value.trim_end_matches("ns").parse::<i64>().unwrap_or_else(|_| panic!("{first}"));
        let stack: Vec<&str> = std::iter::once(leaf.trim()).chain(lines.map(str::trim)).collect();
        *all.entry(stack.join(" < ")).or_default() += value;
    }
    all
}

#[test]
fn profiles_are_read_by_go_tool_pprof_with_the_figures_of_go() {
    let Some(oracle) = machine::oracle() else {
        return machine::left_out("Go 1.26 or newer", "profiles read by go tool pprof");
    };
    let go = oracle.goroot.join("bin/go");
    let out = folder("pprof");
    let mut compared = 0;
    for name in ["go1.26.6/net", "go1.26.6/sched", "go1.22.10/test", "go1.27.3/syscall"] {
        let here = out.join(name);
        exported(&["pprof", &format!("testdata/traces/{name}.out")], &here);
        let profiles = &data::oracle(name)["profiles"];
        for (kind, of_go) in [("network", "net"), ("sync", "sync"), ("syscall", "syscall"), ("sched", "sched")] {
            let theirs = profiles[of_go].as_array().expect("a profile");
            let file = here.join(format!("{kind}.pb.gz"));
            assert_eq!(file.is_file(), !theirs.is_empty(), "{name} {kind}");
            if theirs.is_empty() {
                continue;
            }
            for (sample, field) in [("delay", "time_ns"), ("contentions", "count")] {
                let mut want: BTreeMap<String, i64> = BTreeMap::new();
                // pprof lists no sample without a stack; the profile has it, as Go's own has.
                for entry in theirs.iter().filter(|entry| entry["stack"].as_array().is_some_and(|s| !s.is_empty())) {
                    let frames = entry["stack"].as_array().cloned().unwrap_or_default();
                    let function = |frame: &Value| {
                        let text = frame.as_str().expect("text").to_owned();
                        text.rsplit_once(':').map_or(text.clone(), |(function, _)| function.to_owned())
                    };
                    let stack: Vec<String> = frames.iter().map(function).collect();
                    *want.entry(stack.join(" < ")).or_default() += entry[field].as_i64().expect("a number");
                }
                let have = traces_of(&go, &file, sample);
                assert_eq!(have.values().sum::<i64>(), want.values().sum::<i64>(), "{name} {kind} {sample}");
                assert_eq!(have, want, "{name} {kind} {sample}");
                compared += want.len();
            }
        }
    }
    assert!(compared > 40, "{compared} stacks compared");

    // Base and head, as people look at them.
    let text = exported(&["pprof", POOL[0], POOL[1]], &out.join("pool"));
    let command = text.lines().find_map(|line| line.trim().strip_prefix("go ")).expect("the command to go on with");
    let output = Command::new(&go).args(command.split_whitespace()).output().expect("pprof runs");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let top = Command::new(&go)
        .args(["tool", "pprof", "-top", "-cum", "-diff_base"])
        .args([out.join("pool/base-sync.pb.gz"), out.join("pool/head-sync.pb.gz")])
        .output()
        .expect("pprof runs");
    let said = String::from_utf8_lossy(&top.stdout).into_owned();
    assert!(top.status.success() && said.contains("catalog"), "{said}");
}

#[test]
fn a_profile_of_several_runs_is_their_mean_and_of_all_waits_has_those_that_never_end() {
    let trace = data::trace("go1.26.6/leak");
    let options = Options { profiles: usize::MAX, ..Options::default() };
    let run = summarize("leak", trace.as_slice(), &options).expect("a summary");
    let one = samples(std::slice::from_ref(&run), Kind::Sync, Waits::AsGo).expect("profiles");
    let three = samples(&[run.clone(), run.clone(), run.clone()], Kind::Sync, Waits::AsGo).expect("profiles");
    assert!(!one.is_empty());
    assert_eq!(one, three);
    let all = samples(std::slice::from_ref(&run), Kind::Sync, Waits::All).expect("profiles");
    let time = |list: &[gotrace_diff::export::profiles::Sample]| list.iter().map(|s| s.time_ns).sum::<i64>();
    assert!(time(&all) > time(&one));
    let without = summarize("leak", trace.as_slice(), &Options::default()).expect("a summary");
    assert_eq!(samples(&[without], Kind::Sync, Waits::AsGo), None);
}

#[test]
fn folded_stacks_add_up_to_the_profile() {
    let out = folder("folded");
    exported(&["folded", POOL[0], POOL[1]], &out);
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let sum = |text: &str, column: usize| -> i64 {
        text.lines()
            .map(|line| line.rsplit(' ').nth(column).and_then(|n| n.parse::<i64>().ok()).expect("a number"))
            .sum()
    };
    let both = read("both-sync.folded");
    assert_eq!(sum(&both, 1), sum(&read("base-sync.folded"), 0));
    assert_eq!(sum(&both, 0), sum(&read("head-sync.folded"), 0));
    assert!(both.lines().all(|line| line.contains(';')), "{both}");
    let options = Options { profiles: usize::MAX, ..Options::default() };
    let bytes = std::fs::read(root().join(POOL[1])).expect("a trace");
    let run = summarize("pool", bytes.as_slice(), &options).expect("a summary");
    let time: i64 = run.profiles.expect("asked for").sync.iter().map(|p| p.time_ns).sum();
    assert_eq!(sum(&both, 0), time);
}

#[test]
fn a_flame_graph_is_svg_that_needs_nothing_else() {
    let out = folder("flame");
    let file = out.join("pool.svg");
    exported(&["flamegraph", POOL[0], POOL[1]], &file);
    let svg = std::fs::read_to_string(&file).expect("written");
    assert!(svg.contains("<svg") && svg.contains("catalog"), "{svg}");
    assert!(!svg.contains("href=\"http") && !svg.contains("src="), "it fetches something");
    let again = out.join("again.svg");
    exported(&["flamegraph", POOL[0], POOL[1]], &again);
    assert_eq!(svg, std::fs::read_to_string(again).expect("written"), "the same traces give the same picture");
    // What the head has no more is seen when the base's times are the widths.
    let base = out.join("base.svg");
    exported(&["flamegraph", POOL[0], POOL[1], "--width", "base"], &base);
    assert_ne!(svg, std::fs::read_to_string(base).expect("written"));
}

#[test]
fn hostile_names_stay_text_in_profiles() {
    let evil = "a;b 12\n\u{1b}[31m<script>\u{202e}";
    let frame = SiteFrame { func: evil.into(), file: evil.into(), line: 7 };
    let sample = gotrace_diff::export::profiles::Sample { count: 1, time_ns: 5_000, stack: vec![frame] };
    let bytes = pprof::file(std::slice::from_ref(&sample), 10, &[evil]).expect("a profile");
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).expect("compressed");
    let text = String::from_utf8_lossy(&plain).into_owned();
    assert!(text.contains("\\u{1b}[31m") && !text.contains('\u{1b}') && !text.contains('\u{202e}'));
    let mut folded = gotrace_diff::export::folded::Folded::new();
    gotrace_diff::export::folded::fold(&mut folded, None, &[], std::slice::from_ref(&sample));
    let line = gotrace_diff::export::folded::one_side(&folded, |times| times.1);
    assert_eq!(line.lines().count(), 1, "{line:?}");
    assert!(!line.trim_end().contains(';') && line.ends_with(" 5000\n"), "{line:?}");
    let svg = gotrace_diff::export::flame::svg(&folded, gotrace_diff::export::flame::Draw::One, "t");
    let svg = svg.expect("drawn").expect("something to draw");
    assert!(!svg.contains("<script>\u{202e}") && svg.contains("&lt;script&gt;"), "{svg}");
}

/// The events of a timeline.
fn timeline(words: &[&str], name: &str) -> (PathBuf, Value) {
    let file = folder(name).join("timeline.json");
    exported(&[&["timeline"], words].concat(), &file);
    let text = std::fs::read_to_string(&file).expect("written");
    (file, serde_json::from_str(&text).expect("JSON"))
}

fn events(timeline: &Value) -> Vec<&Value> {
    timeline["traceEvents"].as_array().expect("events").iter().collect()
}

/// Names of processes by their number.
fn processes(timeline: &Value) -> BTreeMap<u64, String> {
    let named = events(timeline).into_iter().filter(|e| e["name"] == "process_name");
    named.map(|e| (e["pid"].as_u64().expect("a pid"), e["args"]["name"].as_str().expect("a name").to_owned())).collect()
}

#[test]
fn lanes_of_goroutines_hold_their_states_to_the_nanosecond() {
    let (_, json) = timeline(&[POOL[0], POOL[1], "--goroutines", "0"], "states");
    let processes = processes(&json);
    for (i, (side, trace)) in ["base", "head"].into_iter().zip(POOL).enumerate() {
        let bytes = std::fs::read(root().join(trace)).expect("a trace");
        let summary = summarize(side, bytes.as_slice(), &Options::default()).expect("a summary");
        let group = summary.goroutines.keys().find(|name| name.contains("loadAll")).expect("the fan-out");
        let short = group.rsplit('/').next().expect("a name");
        let (pid, _) = processes.iter().find(|(_, name)| **name == format!("{side} · {short}")).expect("its process");
        let sum = |name: &str| -> i64 {
            let slices = events(&json).into_iter().filter(|e| e["pid"] == *pid && e["ph"] == "X" && e["name"] == name);
            slices.map(|e| (e["dur"].as_f64().expect("a time") * 1e3).round() as i64).sum()
        };
        let figures = &summary.goroutines[group];
        assert_eq!(sum("running"), figures.exec_ns, "{side}");
        assert_eq!(sum("runnable"), figures.sched_wait_ns, "{side}");
        for (reason, ns) in &figures.block_ns {
            assert_eq!(sum(reason), *ns, "{side}: {reason}");
        }
        assert_eq!(pid % 2, i as u64, "base above head");
    }
}

#[test]
fn slices_nest_arrows_have_two_ends_and_stacks_are_in_the_dictionary() {
    for (name, words) in [
        ("tasks", vec!["testdata/traces/go1.26.6/tasks.out"]),
        ("procs", vec![POOL[0], POOL[1], "--lanes", "procs"]),
        ("window", vec!["testdata/traces/go1.27.3/test.out", "--from", "1ms", "--to", "20ms"]),
    ] {
        let (_, json) = timeline(&words, name);
        let mut lanes: BTreeMap<(u64, u64), Vec<(i64, i64)>> = BTreeMap::new();
        let mut arrows: BTreeMap<u64, [u32; 2]> = BTreeMap::new();
        let mut stacks = 0;
        for event in events(&json) {
            let number = |key: &str| event[key].as_f64().map(|n| (n * 1e3).round() as i64);
            let lane = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap_or(0));
            match event["ph"].as_str().expect("a kind") {
                "X" => {
                    let (start, ns) = (number("ts").unwrap(), number("dur").unwrap());
                    assert!(start >= 0 && ns >= 0, "{name}: {event}");
                    lanes.entry(lane).or_default().push((start, start + ns));
                }
                "s" => arrows.entry(event["id"].as_u64().unwrap()).or_default()[0] += 1,
                "f" => arrows.entry(event["id"].as_u64().unwrap()).or_default()[1] += 1,
                _ => {}
            }
            if let Some(frame) = event["sf"].as_u64() {
                stacks += 1;
                assert!(json["stackFrames"][frame.to_string()]["name"].is_string(), "{name}: {event}");
            }
        }
        assert!(!arrows.is_empty() && arrows.values().all(|ends| *ends == [1, 1]), "{name}: {arrows:?}");
        assert!(stacks > 0 || name == "procs", "{name}");
        assert!(lanes.len() >= 3, "{name}");
        for (lane, mut slices) in lanes {
            slices.sort_by_key(|&(start, end)| (start, -end));
            let mut open: Vec<i64> = Vec::new();
            for (start, end) in slices {
                while open.last().is_some_and(|&last| last <= start) {
                    open.pop();
                }
                assert!(open.last().is_none_or(|&last| end <= last), "{name}: slices of {lane:?} cross at {start}");
                open.push(end);
            }
        }
    }
}

#[test]
fn a_timeline_of_one_test_has_its_goroutines_only() {
    let (_, all) = timeline(&["testdata/traces/go1.26.6/test.out"], "all-tests");
    let (_, one) = timeline(&["testdata/traces/go1.26.6/test.out", "--test", "TestChan"], "one-test");
    let lanes = |json: &Value| events(json).iter().filter(|e| e["name"] == "thread_name").count();
    assert!(lanes(&one) < lanes(&all), "{} {}", lanes(&one), lanes(&all));
    let refused =
        export(&["timeline", "testdata/traces/go1.26.6/test.out", "--test", "TestNone"], &folder("none").join("x"));
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("no test or benchmark of it is called TestNone"), "{said}");
    assert!(!folder("none").join("x").exists());
}

/// The viewer that Go ships with `go tool trace`, told to open a timeline.
const PAGE: &str = r#"<html><head><meta charset="utf-8">
<script src="webcomponents.min.js"></script>
<script>
"use strict";
window.onerror = error => { window.failed = String(error) };
async function show() {
  const text = await (await fetch("timeline.json")).text();
  const container = document.createElement("track-view-container");
  container.id = "track_view_container";
  const viewer = document.createElement("tr-ui-timeline-view");
  viewer.track_view_container = container;
  Polymer.dom(viewer).appendChild(container);
  viewer.id = "trace-viewer";
  viewer.globalMode = true;
  Polymer.dom(document.body).appendChild(viewer);
  const model = new tr.Model();
  await new tr.importer.Import(model).importTracesWithProgressDialog([text]);
  viewer.model = model;
  window.model = model;
}
window.begin = () => show().catch(error => { window.failed = String(error) });
</script>
<link rel="import" href="trace_viewer_full.html" onload="setTimeout(window.begin, 0)">
<style>html, body { box-sizing: border-box; overflow: hidden; margin: 0; padding: 0; width: 100%; height: 100%; }
#trace-viewer { width: 100%; height: 100%; }</style></head><body></body></html>"#;

/// Serves the files of a folder on the loopback, for as long as the test runs: a page in a file may not import another.
fn serve(folder: PathBuf) -> std::net::SocketAddr {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut first = String::new();
            let _ = BufReader::new(&stream).read_line(&mut first);
            let name = first.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
            let body = Path::new(&name).file_name().and_then(|name| std::fs::read(folder.join(name)).ok());
            let kind = if name.ends_with(".html") { "text/html" } else { "text/javascript" };
            let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
            let body = body.unwrap_or_default();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    address
}

#[test]
fn the_viewer_of_go_shows_base_and_head_one_above_the_other() {
    let viewer =
        machine::oracle().map(|o| o.goroot.join("src/internal/trace/traceviewer/static/trace_viewer_full.html"));
    let Some(viewer) = viewer.filter(|file| file.is_file()) else {
        return machine::left_out("Go 1.26 or newer with its sources", "timelines in Go's viewer");
    };
    let Some(browser) = Browser::start() else {
        return machine::left_out("Chromium with chromedriver", "timelines in Go's viewer");
    };
    for (name, words) in [
        ("goroutines", vec![POOL[0], POOL[1], "--goroutines", "6"]),
        ("procs", vec![POOL[0], POOL[1], "--lanes", "procs"]),
    ] {
        let (file, _) = timeline(&words, &format!("viewer-{name}"));
        let folder = file.parent().expect("a folder");
        for asset in ["trace_viewer_full.html", "webcomponents.min.js"] {
            std::fs::copy(viewer.with_file_name(asset), folder.join(asset)).expect("copied");
        }
        std::fs::write(folder.join("page.html"), PAGE).expect("written");
        browser.visit(&format!("http://{}/page.html", serve(folder.to_path_buf())), 1400, "light");
        for _ in 0..150 {
            if browser.run("return !!window.model || !!window.failed") == true {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        assert_eq!(browser.run("return window.failed || null"), Value::Null);
        let warnings =
            browser.run("return window.model ? window.model.importWarnings.map(w => w.message) : ['no model']");
        assert_eq!(warnings, serde_json::json!([]), "{name}");
        let names = browser.run(
            "return Object.values(window.model.processes).sort((a, b) => a.sortIndex - b.sortIndex).map(p => p.name)",
        );
        let names: Vec<&str> = names.as_array().expect("names").iter().filter_map(Value::as_str).collect();
        assert_eq!(names[..2], ["base · process", "head · process"], "{names:?}");
        let flows = browser.run("return window.model.flowEvents.length").as_u64().expect("a number");
        assert!(flows > 0, "{name}: no arrow");
        std::thread::sleep(std::time::Duration::from_millis(1500));
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
        std::fs::create_dir_all(&pictures).expect("a folder");
        browser.picture(&pictures.join(format!("timeline-{name}.png")));
    }
}

#[test]
fn benchmark_text_is_what_the_report_of_that_format_is() {
    let file = folder("benchfmt").join("report.bench");
    exported(&["benchfmt", POOL[0], POOL[1]], &file);
    let text = std::fs::read_to_string(&file).expect("written");
    let report = Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
        .args([POOL[0], POOL[1], "--format", "benchfmt"])
        .current_dir(root())
        .output()
        .expect("the command runs");
    assert_eq!(text, String::from_utf8(report.stdout).expect("UTF-8"));
}
