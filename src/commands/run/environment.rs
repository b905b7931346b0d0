//! What only the recorder knows of where a run is made: the binary's build, the process's environment, the machine.
//!
//! ```text
//!   go version -m BINARY    the Go release, GOOS, GOARCH, -race, -cover, tags, GOEXPERIMENT, DefaultGODEBUG, the profile
//!   environment variables   GOGC, GOMEMLIMIT, GODEBUG, as the test process inherits them
//!   the system              the processor's model, the control group's quota
//! ```
//!
//! What cannot be found out is left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::process;
use crate::summary::{Environment, Fact};

/// Says the same of itself everywhere.
const NONE: &str = "none";
/// More than any profile that guides a build has.
const MOST_PROFILE_BYTES: u64 = 1 << 30;

/// Of a test binary that is about to run here.
pub(super) fn of(binary: &Path, folder: &Path) -> Environment {
    let mut out = Environment::default();
    let settings = settings(binary, folder);
    if let Some((release, settings)) = &settings {
        out.set(Fact::Go, release.split(" X:").next().unwrap_or(release));
        if !settings.is_empty() {
            of_build(settings, &mut out);
        }
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    out.set(Fact::Gogc, variable("GOGC").unwrap_or_else(|| "100".to_owned()));
    out.set(Fact::Gomemlimit, variable("GOMEMLIMIT").unwrap_or_else(|| "off".to_owned()));
    // What the binary was built with is a part of it: without that it is not known.
    if let Some((_, settings)) = settings.filter(|(_, s)| !s.is_empty()) {
        let built = settings.get("DefaultGODEBUG").cloned();
        out.set(Fact::Godebug, listed(built.into_iter().chain(variable("GODEBUG"))));
    }
    if let Some(cpu) = cpu() {
        out.set(Fact::Cpu, cpu);
    }
    if let Some(quota) = quota() {
        out.set(Fact::Quota, quota);
    }
    out
}

/// The release and the build settings that a binary says it has.
fn settings(binary: &Path, folder: &Path) -> Option<(String, BTreeMap<String, String>)> {
    let said = process::ask("go", &["version", "-m", &binary.to_string_lossy()], folder).ok().filter(|s| s.ok)?;
    parse(&said.out)
}

fn parse(said: &str) -> Option<(String, BTreeMap<String, String>)> {
    let mut lines = said.lines();
    let release = lines.next()?.rsplit_once(": ")?.1.trim().to_owned();
    if !(release.starts_with("go") || release.starts_with("devel")) {
        return None;
    }
    let setting = |line: &str| line.trim().strip_prefix("build\t").map(str::to_owned);
    let settings =
        lines.filter_map(setting).filter_map(|s| s.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())));
    Some((release, settings.collect()))
}

fn of_build(settings: &BTreeMap<String, String>, out: &mut Environment) {
    let setting = |key: &str| settings.get(key).map(String::as_str).filter(|v| !v.is_empty());
    let is_on = |key: &str| setting(key) == Some("true");
    if let Some(os) = setting("GOOS") {
        out.set(Fact::Os, os);
    }
    if let Some(arch) = setting("GOARCH") {
        // The least of each needs no mention.
        let level = setting(&format!("GO{}", arch.to_uppercase())).filter(|l| !matches!(*l, "v1" | "v8.0"));
        out.set(Fact::Arch, level.map_or(arch.to_owned(), |level| format!("{arch}/{level}")));
    }
    let sanitizer = ["race", "msan", "asan"].into_iter().find(|name| is_on(&format!("-{name}")));
    out.set(Fact::Race, sanitizer.unwrap_or("off"));
    out.set(Fact::Cover, if is_on("-cover") { "on" } else { "off" });
    let mut tags: Vec<&str> = setting("-tags").into_iter().flat_map(|t| t.split([',', ' '])).collect();
    tags.retain(|t| !t.is_empty());
    tags.sort_unstable();
    tags.dedup();
    out.set(Fact::Tags, if tags.is_empty() { NONE.to_owned() } else { tags.join(",") });
    out.set(Fact::Goexperiment, listed(setting("GOEXPERIMENT").map(str::to_owned)));
    out.set(Fact::Pgo, setting("-pgo").map_or("off".to_owned(), |path| profile(Path::new(path))));
}

fn listed(parts: impl IntoIterator<Item = String>) -> String {
    let all: Vec<String> = parts.into_iter().collect();
    if all.is_empty() { NONE.to_owned() } else { all.join(",") }
}

/// A profile by its content: on both sides it lies in another folder.
fn profile(path: &Path) -> String {
    let small = std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= MOST_PROFILE_BYTES);
    match std::fs::read(path) {
        Ok(bytes) if small => Sha256::digest(&bytes).iter().take(6).map(|b| format!("{b:02x}")).collect(),
        _ => path.file_name().map_or_else(|| "unknown".to_owned(), |n| n.to_string_lossy().into_owned()),
    }
}

/// The processor's model, as the system calls it.
fn cpu() -> Option<String> {
    let model = if cfg!(target_os = "linux") {
        let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
        model_name(&text)?
    } else if cfg!(target_os = "macos") {
        process::ask("sysctl", &["-n", "machdep.cpu.brand_string"], Path::new("/")).ok().filter(|s| s.ok)?.out
    } else if cfg!(windows) {
        std::env::var("PROCESSOR_IDENTIFIER").ok()?
    } else {
        return None;
    };
    let words: Vec<&str> = model.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn model_name(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|l| l.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim().to_owned())
}

/// How many processors the control groups around this process allow: the least of them.
fn quota() -> Option<String> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let mut least: Option<f64> = None;
    let mut known = false;
    for group in groups.lines() {
        let mut parts = group.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let second = controllers.is_empty();
        if !second && !controllers.split(',').any(|c| c == "cpu") {
            continue;
        }
        let root = if second { PathBuf::from("/sys/fs/cgroup") } else { Path::new("/sys/fs/cgroup").join(controllers) };
        for folder in Path::new(path).ancestors() {
            let folder = root.join(folder.strip_prefix("/").unwrap_or(folder));
            let text = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
            let limit = if second {
                text("cpu.max")
            } else {
                text("cpu.cfs_quota_us")
                    .zip(text("cpu.cfs_period_us"))
                    .map(|(q, p)| format!("{} {}", q.trim(), p.trim()))
            };
            let Some(limit) = limit else { continue };
            known = true;
            if let Some(processors) = processors(&limit) {
                least = Some(least.map_or(processors, |l| l.min(processors)));
            }
        }
    }
    known.then(|| {
        least.map_or(NONE.to_owned(), |n| format!("{n:.2}").trim_end_matches('0').trim_end_matches('.').to_owned())
    })
}

/// `200000 100000` are 2 processors; `max` and -1 are no limit.
fn processors(limit: &str) -> Option<f64> {
    let (quota, period) = limit.trim().split_once(' ')?;
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_says_what_it_was_built_with() {
        let said = "/tmp/x.test: go1.26.8 X:jsonv2\n\tpath\texample.com/shop.test\n\tbuild\t-compiler=gc\n\tbuild\t-cover=true\n\tbuild\t-race=true\n\tbuild\t-tags=b,a\n\tbuild\tDefaultGODEBUG=x=1,y=0\n\tbuild\tGOARCH=amd64\n\tbuild\tGOOS=linux\n\tbuild\tGOAMD64=v3\n\tbuild\tGOEXPERIMENT=jsonv2\n";
        let (release, settings) = parse(said).unwrap();
        assert_eq!(release, "go1.26.8 X:jsonv2");
        assert_eq!(settings["DefaultGODEBUG"], "x=1,y=0");
        let mut out = Environment::default();
        of_build(&settings, &mut out);
        for (fact, want) in [
            (Fact::Os, "linux"),
            (Fact::Arch, "amd64/v3"),
            (Fact::Race, "race"),
            (Fact::Cover, "on"),
            (Fact::Tags, "a,b"),
            (Fact::Goexperiment, "jsonv2"),
            (Fact::Pgo, "off"),
        ] {
            assert_eq!(out.get(fact), Some(want), "{}", fact.name());
        }
        assert!(parse("/tmp/x: no such file or directory").is_none());
    }

    #[test]
    fn quotas_are_processors() {
        for (limit, want) in [
            ("200000 100000\n", Some(2.0)),
            ("150000 100000", Some(1.5)),
            ("max 100000", None),
            ("-1 100000", None),
            ("", None),
        ] {
            assert_eq!(processors(limit), want, "{limit}");
        }
        assert_eq!(model_name("processor\t: 0\nmodel name\t: AMD EPYC\n").as_deref(), Some("AMD EPYC"));
        assert_eq!(model_name("processor\t: 0\n"), None);
    }
}
