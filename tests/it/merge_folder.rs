//! A folder of what shards wrote: none of it is passed over without a word, and none of it counts twice.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{cli, json, out};
use crate::merge::shard;

/// A folder `all` with the result of one shard that passes; and the result of one that does not, elsewhere.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    shard(dir, "good", "example.com/shop/cart", 10_000_000, 10_000_000);
    shard(dir, "slow", "example.com/shop/db", 10_000_000, 21_000_000);
    std::fs::create_dir(dir.join("all")).unwrap();
    std::fs::copy(dir.join("good.json"), dir.join("all/good.json")).unwrap();
    folder
}

fn merge(dir: &Path, args: &[&str]) -> (Option<i32>, String, Value) {
    let merged = cli(dir, &[&["merge", "--format", "json"], args].concat());
    let told = if merged.status.code() < Some(2) { json(&merged) } else { Value::Null };
    (merged.status.code(), String::from_utf8(merged.stderr).unwrap(), told)
}

#[test]
fn a_shard_that_died_while_it_wrote_is_no_pass() {
    let folder = folder();
    let dir = folder.path();
    let slow = std::fs::read(dir.join("slow.json")).unwrap();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(slow.iter().flat_map(|&b| [b, 0])).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &slow).unwrap();
    let broken = [
        ("empty", Vec::new()),
        ("zeros", vec![0; 5000]),
        ("a byte", slow[..1].to_vec()),
        ("cut early", slow[..20].to_vec()),
        ("cut late", slow[..slow.len() - 3].to_vec()),
        ("of PowerShell", utf16),
        ("packed", gzip.finish().unwrap()),
    ];
    // What a job logged may be called like a trace of the same run.
    for beside in [None, Some("slow.out"), Some("slow.trace"), Some("slow.out.gz")] {
        if let Some(name) = beside {
            std::fs::write(dir.join("all").join(name), "ok  example.com/shop/db 1.2s\n").unwrap();
        }
        for (what, bytes) in &broken {
            std::fs::write(dir.join("all/slow.json"), bytes).unwrap();
            for given in ["all", "all/*.json"] {
                let (status, said, _) = merge(dir, &[given]);
                assert_eq!(status, Some(2), "{what}, {given}, {beside:?}: {said}");
                assert!(said.contains("slow.json"), "{what}, {given}, {beside:?}: {said}");
            }
        }
    }
    // The logs alone are none of ours, and nothing is said of them.
    std::fs::write(dir.join("all/slow.json"), &slow).unwrap();
    let (status, said, told) = merge(dir, &["all"]);
    assert_eq!(status, Some(1), "{said}");
    assert_eq!(told["warnings"], json!([]));
    #[cfg(unix)]
    {
        std::fs::remove_file(dir.join("all/slow.json")).unwrap();
        std::os::unix::fs::symlink("gone.json", dir.join("all/slow.json")).unwrap();
        let (status, said, _) = merge(dir, &["all"]);
        assert!(status == Some(2) && said.contains("slow.json"), "a link to nothing: {status:?} {said}");
    }
}

#[test]
fn a_result_is_one_whatever_the_order_of_its_keys_and_other_json_is_named() {
    let folder = folder();
    let dir = folder.path();
    let slow: Value = serde_json::from_slice(&std::fs::read(dir.join("slow.json")).unwrap()).unwrap();
    // With sorted keys, as a `Value` has them, and spaces: what says whose it is stands far behind.
    std::fs::write(dir.join("all/slow.json"), serde_json::to_string_pretty(&slow).unwrap()).unwrap();
    assert!(!std::fs::read_to_string(dir.join("all/slow.json")).unwrap()[..4096].contains("gotrace-diff/"));
    assert_eq!(merge(dir, &["all"]).0, Some(1));
    std::fs::write(dir.join("all/slow.json"), json!({"name": "shop", "schema": "other/1"}).to_string()).unwrap();
    let (status, said, told) = merge(dir, &["all"]);
    assert_eq!(status, Some(0), "{said}");
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("slow.json") && warnings.contains("passed over"), "{warnings}");
    let text = out(&cli(dir, &["merge", "all"]));
    assert!(text.contains("slow.json"), "{text}");
}

#[test]
fn copies_of_a_result_count_once() {
    let folder = folder();
    let dir = folder.path();
    std::fs::copy(dir.join("all/good.json"), dir.join("all/copy.json")).unwrap();
    let (status, said, told) = merge(dir, &["all", "--pool"]);
    assert_eq!(status, Some(0), "{said}");
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("good.json: the same as all/copy.json, counted once"), "{warnings}");
    for given in [&["all"][..], &["good.json", "all/../good.json"], &["good.json", "./good.json"]] {
        let (status, said, _) = merge(dir, &[given, &["--expect", "2"]].concat());
        assert_eq!(status, Some(2), "{given:?}");
        assert!(said.contains("1 shards, and 2 were expected"), "{said}");
    }
    // Written anew by another program, it has the same runs.
    let good: Value = serde_json::from_slice(&std::fs::read(dir.join("good.json")).unwrap()).unwrap();
    std::fs::write(dir.join("all/copy.json"), good.to_string()).unwrap();
    let (status, said, told) = merge(dir, &["all", "--pool", "--expect", "1"]);
    assert_eq!(status, Some(0), "{said}");
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("good.json: the same runs as all/copy.json, counted once"), "{warnings}");
    // Of other runs, it is another one.
    let mut other = good;
    other["sides"]["head"][0]["runs"][0]["started_ns"] = 7.into();
    std::fs::write(dir.join("all/copy.json"), other.to_string()).unwrap();
    assert_eq!(merge(dir, &["all", "--pool", "--expect", "2"]).0, Some(0));
    // Of runs that are compared with a baseline, which does not say when its own began, the head's tell.
    other["sides"]["against_baseline"] = true.into();
    for base in other["sides"]["base"].as_array_mut().unwrap() {
        base["runs"].as_array_mut().unwrap().iter_mut().for_each(|run| run["started_ns"] = 0.into());
    }
    std::fs::create_dir(dir.join("checks")).unwrap();
    for (head, expect) in [(7, "1"), (8, "2"), (0, "2")] {
        for (file, began) in [("1.json", 7), ("2.json", head)] {
            other["sides"]["head"][0]["runs"][0]["started_ns"] = began.into();
            let text = if head == 7 && file == "2.json" { format!("{other:#}") } else { other.to_string() };
            std::fs::write(dir.join("checks").join(file), text).unwrap();
        }
        let (status, said, _) = merge(dir, &["checks", "--pool", "--expect", expect]);
        assert!(status < Some(2), "{head}: {said}");
    }
    // Shards that had nothing to run are all the same, and each is one.
    let empty = serde_json::to_vec(&nothing(dir)).unwrap();
    for name in ["e1.json", "e2.json"] {
        std::fs::write(dir.join(name), &empty).unwrap();
    }
    let (status, said, _) = merge(dir, &["e1.json", "e2.json", "--expect", "2"]);
    assert_eq!(status, Some(0), "{said}");
}

#[test]
fn what_a_shard_calls_a_regression_stays_one_where_nothing_is_there_to_judge_it_by() {
    let folder = folder();
    let dir = folder.path();
    let mut said = nothing(dir);
    said["verdict"] = "regression".into();
    std::fs::write(dir.join("said.json"), serde_json::to_vec(&said).unwrap()).unwrap();
    assert_eq!(merge(dir, &["said.json"]).0, Some(1));
    assert_eq!(merge(dir, &["said.json", "good.json"]).0, Some(1));
}

#[test]
fn what_a_shard_failed_by_is_not_lost_where_the_merge_has_other_rules() {
    let folder = folder();
    let dir = folder.path();
    shard(dir, "near", "example.com/shop/near", 10_000_000, 10_400_000);
    let rule = "[[rule]]\nsubject = \"example.com/shop/near.work\"\nmetric = \"total_ns\"\nmax = \"1us\"\n";
    std::fs::write(dir.join("shard.toml"), rule).unwrap();
    let sides = ["--base", "near/base.*.json", "--head", "near/head.*.json", "--output", "json=shard.json"];
    let hard = ["--hard-limit", "1%", "--max-increase", "1%", "--min-delta", "1us"];
    for (rules, kind) in [(&["--config", "shard.toml"][..], "budget"), (&hard, "hard-limit")] {
        assert_eq!(cli(dir, &[&sides[..], rules].concat()).status.code(), Some(1), "{kind}");
        for more in [&[][..], &["--pool"], &["good.json"]] {
            let merged = cli(dir, &[&["merge", "--format", "json", "shard.json"], more].concat());
            let (status, told) = (merged.status.code(), json(&merged));
            assert_eq!((status, told["verdict"].as_str()), (Some(3), Some("inconclusive")), "{kind} {more:?}");
            let (headline, first) = (told["headline"].to_string(), told["warnings"][0].to_string());
            assert!(headline.contains("shard is a regression by its own rules"), "{headline}");
            assert!(first.contains("a regression by its own rules") && first.contains(kind), "{first}");
            assert!(first.contains("--config"), "{first}");
        }
        // The same runs, judged without: they count once, and what one of them failed by is not lost.
        let without = ["--base", "near/base.*.json", "--head", "near/head.*.json", "--output", "json=again.json"];
        assert_eq!(cli(dir, &without).status.code(), Some(0), "{kind}");
        let merged = cli(dir, &["merge", "--format", "json", "again.json", "shard.json"]);
        assert_eq!(
            (merged.status.code(), json(&merged)["verdict"].as_str()),
            (Some(3), Some("inconclusive")),
            "{kind}"
        );
        std::fs::remove_file(dir.join("again.json")).unwrap();
        // With the same rules it is what the shard said.
        let (status, _, told) = merge(dir, &[&["shard.json"], rules].concat());
        assert_eq!(status, Some(1), "{kind}");
        assert!(!told["warnings"].to_string().contains("by its own rules"), "{kind}");
    }
    // What a test found may vanish among others: no rule is missing.
    let slow: Value = serde_json::from_slice(&std::fs::read(dir.join("slow.json")).unwrap()).unwrap();
    let mut vanished: Value = serde_json::from_slice(&std::fs::read(dir.join("good.json")).unwrap()).unwrap();
    vanished["verdict"] = "regression".into();
    let tested = |f: &&Value| f["evidence"]["kind"] == "permutation-test" && f["verdict"] == "regression";
    let tested = slow["findings"].as_array().unwrap().iter().find(tested).expect("times are tested").clone();
    vanished["findings"] = Value::Array(vec![tested]);
    std::fs::write(dir.join("vanished.json"), vanished.to_string()).unwrap();
    let (status, _, told) = merge(dir, &["vanished.json"]);
    assert_eq!((status, told["verdict"].as_str()), (Some(0), Some("pass")));
}

/// The result of a shard without runs.
fn nothing(dir: &Path) -> Value {
    let mut result: Value = serde_json::from_slice(&std::fs::read(dir.join("good.json")).unwrap()).unwrap();
    result.as_object_mut().unwrap().remove("sides");
    result["compared"]["series"] = 0.into();
    result
}
