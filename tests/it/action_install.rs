//! Where the action gets the binary from, with the binary under test packed as a release is.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use sha2::Digest as _;

use crate::action_harness::{Done, Job, root};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A copy of the action whose checksums are ours to write.
struct Release {
    folder: tempfile::TempDir,
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    name: String,
}

impl Release {
    fn new() -> Release {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        std::fs::create_dir_all(at.join("copy/action")).unwrap();
        std::fs::copy(root().join("action.yml"), at.join("copy/action.yml")).unwrap();
        for script in ["install.sh", "step.sh", "enforce.sh"] {
            std::fs::copy(root().join("action").join(script), at.join("copy/action").join(script)).unwrap();
        }
        let inside = format!("gotrace-diff-v{VERSION}-x86_64-unknown-linux-musl");
        let served = at.join(format!("served/v{VERSION}"));
        std::fs::create_dir_all(served.join(&inside)).unwrap();
        std::fs::copy(env!("CARGO_BIN_EXE_gotrace-diff"), served.join(&inside).join("gotrace-diff")).unwrap();
        let name = format!("{inside}.tar.gz");
        let packed = Command::new("tar").args(["-czf", &name, &inside]).current_dir(&served).status().unwrap();
        assert!(packed.success());
        let (url, asked) = serve(at.join("served"));
        let release = Release { folder, url, asked, name };
        let archive = std::fs::read(served.join(&release.name)).unwrap();
        let hash: String = sha2::Sha256::digest(&archive).iter().map(|b| format!("{b:02x}")).collect();
        release.sums(&format!(
            "# notes\n{}  gotrace-diff-v{VERSION}-aarch64-apple-darwin.tar.gz\n{hash}  {}\n",
            "0".repeat(64),
            release.name
        ));
        release
    }

    fn sums(&self, text: &str) {
        std::fs::write(self.folder.path().join("copy/action/checksums.txt"), text).unwrap();
    }

    fn job(&self) -> Job {
        let mut job = Job::new(".");
        job.action = self.folder.path().join("copy");
        job.with.remove("binary-path");
        job.with(&[("mode", "compare"), ("comment", "never"), ("download-base-url", &self.url)]);
        for (input, side) in [("base-traces", "base"), ("traces", "head")] {
            let traces = root().join(format!("testdata/regressions/none-runs/{side}.*.out"));
            job.with(&[(input, traces.to_str().unwrap())]);
        }
        job
    }
}

/// Serves a folder; gives the address and what was asked for.
fn serve(folder: PathBuf) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            let _ = reader.read_line(&mut line);
            let path = line.split_whitespace().nth(1).unwrap_or("/").to_owned();
            while reader.read_line(&mut line).is_ok_and(|n| n > 2) {}
            let body = std::fs::read(folder.join(path.trim_start_matches('/'))).ok();
            seen.lock().unwrap().push(path);
            let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
            let body = body.unwrap_or_default();
            let _ = write!(&stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = (&stream).write_all(&body);
        }
    });
    (url, asked)
}

/// Nothing was compared, the log says why, and that is no pass.
fn refuses(done: &Done, says: &str) {
    assert_eq!((done.failed, done.output("verdict"), done.output("binary")), (Some(2), "error", ""), "{}", done.log());
    assert!(done.annotations().iter().any(|a| a.starts_with("::error ") && a.contains(says)), "{says}: {}", done.log());
    assert!(done.steps.iter().all(|s| matches!(s.id.as_str(), "install" | "enforce")), "{}", done.log());
}

fn is_linux() -> bool {
    cfg!(target_os = "linux")
}

#[test]
fn a_release_is_downloaded_checked_and_kept() {
    if !is_linux() {
        return;
    }
    let release = Release::new();
    let job = release.job();
    let done = job.run();
    assert_eq!((done.failed, done.output("verdict")), (None, "pass"), "{}", done.log());
    assert!(Path::new(done.output("binary")).starts_with(job.folder.path().join("temp")));
    assert_eq!(*release.asked.lock().unwrap(), [format!("/v{VERSION}/{}", release.name)]);
    // The next job of this machine finds it in the tool cache; and what was put there instead is not run.
    let cached = job.folder.path().join(format!("tools/gotrace-diff/{VERSION}/X64")).join(&release.name);
    assert!(cached.is_file());
    assert_eq!(job.run().failed, None);
    assert_eq!(release.asked.lock().unwrap().len(), 1);
    std::fs::write(&cached, "something else").unwrap();
    let done = job.run();
    assert_eq!((done.failed, release.asked.lock().unwrap().len()), (None, 2), "{}", done.log());
}

#[test]
fn what_is_not_the_release_is_not_run() {
    if !is_linux() {
        return;
    }
    let release = Release::new();
    let served = release.folder.path().join(format!("served/v{VERSION}")).join(&release.name);
    let good = std::fs::read(&served).unwrap();
    std::fs::write(&served, [&good[..], b"x"].concat()).unwrap();
    refuses(&release.job().run(), "is not what action/checksums.txt says");
    std::fs::write(&served, &good).unwrap();
    let with = |inputs: &[(&str, &str)]| {
        let mut job = release.job();
        job.with(inputs);
        job.run()
    };
    refuses(&with(&[("version", "9.9.9")]), "has no release 9.9.9");
    refuses(&with(&[("version", "$(touch pwned)")]), "is no version");
    refuses(&with(&[("download-base-url", "file:///etc")]), "begins with https://");
    refuses(&with(&[("download-base-url", &format!("{}/elsewhere", release.url))]), "could not be downloaded");
    refuses(&with(&[("install-mode", "curl")]), "none of binary, source, none");
    refuses(&with(&[("binary-path", "no/such")]), "there is no file");
    refuses(&with(&[("binary-path", "/bin/true")]), "is no gotrace-diff");
    for (variable, value, says) in
        [("RUNNER_ARCH", "RISCV", "no release for the processor"), ("RUNNER_OS", "Plan9", "no release for the system")]
    {
        let mut job = release.job();
        job.env(&[(variable, value)]);
        refuses(&job.run(), says);
    }
    // No word of the runner's about the repository, and no mirror.
    let mut job = release.job();
    job.with(&[("download-base-url", "")]).env(&[("GITHUB_SERVER_URL", "http://127.0.0.1:1")]);
    refuses(&job.run(), "could not be downloaded");
    release.sums("# none yet\n");
    refuses(&release.job().run(), "there is no release yet");
    release.sums(&format!("zz  {}\n", release.name));
    refuses(&release.job().run(), "has no SHA-256");
}

#[test]
fn a_binary_that_is_there_is_used() {
    if !is_linux() {
        return;
    }
    let release = Release::new();
    let own = Path::new(env!("CARGO_BIN_EXE_gotrace-diff"));
    let mut job = release.job();
    std::fs::copy(own, job.workspace().join("gotrace-diff")).unwrap();
    job.with(&[("binary-path", "gotrace-diff"), ("version", VERSION)]);
    assert_eq!(job.run().failed, None);
    job.with(&[("version", "9.9.9")]);
    refuses(&job.run(), "was wanted");
    let mut job = release.job();
    let path = format!("{}:{}", own.parent().unwrap().display(), std::env::var("PATH").unwrap());
    job.with(&[("install-mode", "none")]).env(&[("PATH", &path)]);
    assert_eq!(job.run().failed, None);
    assert_eq!(release.asked.lock().unwrap().len(), 0);
}

#[cfg(unix)]
/// A folder with a `cargo` that notes what it was asked for, and does `then`.
fn cargo_that(at: &Path, then: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let bin = at.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$PWD\" \"$@\" > '{}'\nwhile [ \"$1\" != --root ]; do shift; done\n{then}\n",
        at.join("asked").display()
    );
    std::fs::write(bin.join("cargo"), script).unwrap();
    std::fs::set_permissions(bin.join("cargo"), std::fs::Permissions::from_mode(0o755)).unwrap();
    bin
}

#[cfg(unix)]
#[test]
fn from_source_is_from_the_checkout_of_the_action_and_of_its_lock_file() {
    let release = Release::new();
    let mut job = release.job();
    let own = env!("CARGO_BIN_EXE_gotrace-diff");
    let with_path = |job: &mut Job, bin: &Path| {
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        job.with(&[("install-mode", "source")]).env(&[("PATH", &path)]);
    };
    let bin = cargo_that(release.folder.path(), &format!("mkdir -p \"$2/bin\" && cp '{own}' \"$2/bin/gotrace-diff\""));
    with_path(&mut job, &bin);
    let done = job.run();
    assert_eq!((done.failed, done.output("verdict")), (None, "pass"), "{}", done.log());
    let temp = job.folder.path().join("temp");
    assert!(Path::new(done.output("binary")).starts_with(&temp), "{}", done.output("binary"));
    let asked = std::fs::read_to_string(release.folder.path().join("asked")).unwrap();
    let mut asked = asked.lines();
    let checkout = Path::new(asked.next().unwrap()).canonicalize().unwrap();
    assert_eq!(checkout, release.folder.path().join("copy").canonicalize().unwrap());
    let root = temp.join("gotrace-diff-source").display().to_string();
    assert_eq!(asked.collect::<Vec<_>>(), ["install", "--locked", "--quiet", "--path", ".", "--root", root.as_str()]);
    assert_eq!(release.asked.lock().unwrap().len(), 0, "nothing is downloaded by the action");

    let mut job = release.job();
    with_path(&mut job, &cargo_that(release.folder.path(), "echo 'error: no linker' >&2; exit 101"));
    let done = job.run();
    refuses(&done, "cargo install failed");
    assert!(done.log().contains("error: no linker"), "{}", done.log());
    // Whoever pins a version does not get another, whatever was built.
    let mut job = release.job();
    with_path(
        &mut job,
        &cargo_that(release.folder.path(), &format!("mkdir -p \"$2/bin\" && cp '{own}' \"$2/bin/gotrace-diff\"")),
    );
    job.with(&[("version", "9.9.9")]);
    refuses(&job.run(), "was wanted");
}

/// The real build takes minutes: `GOTRACE_DIFF_TEST_SOURCE=1 cargo test --test it -- builds_itself`.
#[cfg(unix)]
#[test]
fn a_checkout_of_the_action_builds_itself() {
    if std::env::var_os("GOTRACE_DIFF_TEST_SOURCE").is_none() {
        return;
    }
    let release = Release::new();
    let mut job = release.job();
    let checkout = release.folder.path().join("checkout");
    let cloned = Command::new("git").args(["clone", "--quiet"]).arg(root()).arg(&checkout).status().unwrap();
    assert!(cloned.success());
    job.action = checkout.clone();
    job.with(&[("install-mode", "source")]);
    // As on a machine of GitHub's: the home folder is not where Rust was installed to in this test.
    for name in ["CARGO_HOME", "RUSTUP_HOME"] {
        let folder = std::env::var(name).ok().map(PathBuf::from).or_else(|| {
            Some(PathBuf::from(std::env::var_os("HOME")?).join(format!(".{}", name.split('_').next()?.to_lowercase())))
        });
        job.env(&[(name, &folder.unwrap().display().to_string())]);
    }
    let done = job.run();
    assert_eq!((done.failed, done.output("verdict")), (None, "pass"), "{}", done.log());
    let said = Command::new(done.output("binary")).arg("--version").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), format!("gotrace-diff {VERSION}"));
}

#[test]
fn the_checksums_of_this_version_are_well_formed() {
    let text = std::fs::read_to_string(root().join("action/checksums.txt")).unwrap();
    let line = regex::Regex::new(
        r"^[0-9a-f]{64}  gotrace-diff-v\d+\.\d+\.\d+\S*-(x86_64|aarch64)-(unknown-linux-musl\.tar\.gz|apple-darwin\.tar\.gz|pc-windows-msvc\.zip)$",
    )
    .unwrap();
    for given in text.lines().filter(|l| !l.starts_with('#')) {
        assert!(line.is_match(given), "{given}");
    }
}
