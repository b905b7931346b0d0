//! How it reaches people: archives, installers, wheels, completions, hooks, and the examples for CI systems.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::Parser;
use gotrace_diff::cli::Cli;

use crate::cli::{cli, out};
use crate::machine::left_out;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn completions_and_the_manual_know_every_command() {
    let help = out(&cli(root(), &["--help"]));
    let listed = help.split("Commands:").nth(1).unwrap().split("Arguments:").next().unwrap();
    let commands: Vec<&str> = listed
        .lines()
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .filter(|c| *c != "help")
        .collect();
    assert!(commands.len() > 10 && commands.contains(&"merge"), "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = out(&cli(root(), &["completions", shell]));
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let manual = out(&cli(root(), &["man"]));
    for command in &commands {
        assert!(manual.contains(&format!("\n.SH \"COMMAND {}\"\n", command.to_uppercase())), "{command}");
    }
    let bash = out(&cli(root(), &["completions", "bash"]));
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), bash).unwrap();
    if !has("bash") {
        return left_out("bash", "completions for it");
    }
    let asked = format!(
        "source {} && COMP_WORDS=(gotrace-diff mer) COMP_CWORD=1 && _gotrace__diff gotrace-diff mer gotrace-diff && echo ${{COMPREPLY[@]}}",
        script.path().display()
    );
    let output = Command::new("bash").args(["-c", &asked]).output().unwrap();
    assert_eq!(said(&output).trim(), "merge");
}

/// A folder as an archive has it, whose binary says its version and nothing else.
fn contents(folder: &Path, name: &str) {
    let here = folder.join(name);
    for part in ["completions", "man"] {
        std::fs::create_dir_all(here.join(part)).unwrap();
    }
    for file in [
        "README.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "THIRD-PARTY.txt",
        "man/gotrace-diff.1",
        "completions/gotrace-diff.bash",
        "completions/_gotrace-diff",
        "completions/gotrace-diff.fish",
        "completions/_gotrace-diff.ps1",
    ] {
        std::fs::write(here.join(file), format!("{file}\n")).unwrap();
    }
    std::fs::write(here.join("gotrace-diff"), format!("#!/bin/sh\necho gotrace-diff {VERSION}\n")).unwrap();
}

fn pack(folder: &Path, name: &str) -> PathBuf {
    let mut command = Command::new("python3");
    let packed =
        command.arg(root().join("release/pack.py")).arg(folder).arg(name).env("SOURCE_DATE_EPOCH", "1790000000");
    let output = packed.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    folder.join(format!("{name}.{}", if name.contains("windows") { "zip" } else { "tar.gz" }))
}

#[test]
fn equal_contents_are_equal_archives() {
    if !has("python3") {
        return left_out("python3", "archives");
    }
    for name in ["gotrace-diff-v1.2.3-x86_64-unknown-linux-musl", "gotrace-diff-v1.2.3-x86_64-pc-windows-msvc"] {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        contents(one.path(), name);
        contents(other.path(), name);
        std::fs::File::open(other.path().join(name).join("README.md"))
            .unwrap()
            .set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000))
            .unwrap();
        let (one, other) = (pack(one.path(), name), pack(other.path(), name));
        assert!(std::fs::read(one).unwrap() == std::fs::read(other).unwrap(), "{name}");
    }
}

/// Serves a folder on loopback until the process ends; gives its address.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let n = stream.read(&mut request).unwrap_or(0);
            let line = String::from_utf8_lossy(&request[..n]).into_owned();
            let path = line.split_whitespace().nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
            let (status, body) = match std::fs::read(folder.join(path)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    address
}

/// The archive of this machine, where the script installs one.
fn here() -> Option<String> {
    let target = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", cpu @ ("x86_64" | "aarch64")) => format!("{cpu}-unknown-linux-musl"),
        ("macos", cpu @ ("x86_64" | "aarch64")) => format!("{cpu}-apple-darwin"),
        _ => return None,
    };
    ["python3", "curl", "tar"].into_iter().all(has).then(|| format!("gotrace-diff-v{VERSION}-{target}"))
}

/// A mirror with the archive of this machine and its manifest.
fn mirror(folder: &Path, name: &str) {
    use sha2::Digest as _;
    let version = folder.join(format!("v{VERSION}"));
    std::fs::create_dir_all(&version).unwrap();
    contents(folder, name);
    let archive = pack(folder, name);
    let sum: String =
        sha2::Sha256::digest(std::fs::read(&archive).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::rename(&archive, version.join(format!("{name}.tar.gz"))).unwrap();
    std::fs::write(version.join("checksums.txt"), format!("# notes\n{sum}  {name}.tar.gz\n")).unwrap();
}

#[test]
fn the_install_script_installs_what_has_its_checksum_and_nothing_else() {
    let Some(name) = here() else {
        return left_out("python3, curl and tar on Linux or macOS", "the install script");
    };
    let folder = tempfile::tempdir().unwrap();
    mirror(folder.path(), &name);
    let address = serve(folder.path().to_path_buf());
    let home = tempfile::tempdir().unwrap();
    let bin = home.path().join("with blank/bin");
    let install = |more: &[&str]| {
        let mut command = Command::new("sh");
        command.arg(root().join("install.sh")).arg("--to").arg(&bin).args(more);
        command.env("GOTRACE_DIFF_MIRROR", &address).env("HOME", home.path()).output().unwrap()
    };
    let done = install(&[]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(said(&done).contains(&format!("installed gotrace-diff {VERSION}")), "{}", said(&done));
    let version = Command::new(bin.join("gotrace-diff")).arg("--version").output().unwrap();
    assert_eq!(said(&version).trim(), format!("gotrace-diff {VERSION}"));
    assert!(home.path().join("with blank/share/man/man1/gotrace-diff.1").is_file());
    std::fs::remove_file(bin.join("gotrace-diff")).unwrap();

    // A manifest of one's own decides over the mirror's.
    let other = home.path().join("checksums.txt");
    std::fs::write(&other, format!("{}  {name}.tar.gz\n", "0".repeat(64))).unwrap();
    let empty = home.path().join("empty.txt");
    std::fs::write(&empty, "# no release yet\n").unwrap();
    for (more, want) in [
        (&["--checksums", other.to_str().unwrap()][..], "nothing was installed"),
        (&["--checksums", empty.to_str().unwrap()], "has no checksum"),
        (&["--version", "9.9.9"], "cannot fetch"),
        (&["--version", "1;touch x"], "no version"),
        (&["--elsewhere"], "unknown: --elsewhere"),
    ] {
        let output = install(more);
        assert_eq!(output.status.code(), Some(1), "{more:?}: {}", said(&output));
        assert!(said(&output).contains(want), "{more:?}: {}", said(&output));
        assert!(!bin.join("gotrace-diff").exists(), "{more:?}");
    }
}

#[test]
fn a_wheel_carries_the_binary_of_the_archive() {
    if !has("python3") || !has("tar") || !cfg!(target_os = "linux") {
        return left_out("python3 on Linux", "the wheel");
    }
    let name = format!("gotrace-diff-v{VERSION}-{}-unknown-linux-musl", std::env::consts::ARCH);
    let folder = tempfile::tempdir().unwrap();
    contents(folder.path(), &name);
    let archive = pack(folder.path(), &name);
    let wheel = |out: &str| {
        let out = folder.path().join(out);
        let made =
            Command::new("python3").arg(root().join("release/wheel.py")).arg(&archive).arg(out).output().unwrap();
        assert!(made.status.success(), "{}", said(&made));
        PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
    };
    let (one, other) = (wheel("one"), wheel("other"));
    assert!(std::fs::read(&one).unwrap() == std::fs::read(&other).unwrap());
    // An environment of its own, and the installer that everybody has.
    let python = folder.path().join("python");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&python).output().unwrap();
    if !made.status.success() {
        return left_out("Python's venv", "installing the wheel");
    }
    let installed = Command::new(python.join("bin/pip"))
        .args(["install", "--quiet", "--no-index", "--disable-pip-version-check"])
        .arg(&one)
        .output()
        .unwrap();
    assert!(installed.status.success(), "{}", said(&installed));
    let version = Command::new(python.join("bin/gotrace-diff")).arg("--version").output().unwrap();
    assert_eq!(said(&version).trim(), format!("gotrace-diff {VERSION}"));
    assert!(python.join("share/man/man1/gotrace-diff.1").is_file());
}

const TARGETS: [&str; 6] = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "aarch64-pc-windows-msvc",
];

#[test]
fn every_target_is_built_published_and_found() {
    let (build, publish) = (read("release/build.sh"), read("release/publish.sh"));
    let (workflow, wheel) = (read(".github/workflows/release.yml"), read("release/wheel.py"));
    for target in TARGETS {
        assert!(build.contains(target) && publish.contains(target), "{target}");
        assert!(workflow.contains(&format!("- target: {target}\n")), "{target}");
        assert!(wheel.contains(&format!("\"{target}\": [")), "{target}");
    }
    let manifest: String = TARGETS
        .iter()
        .enumerate()
        .map(|(i, t)| {
            let end = if t.contains("windows") { "zip" } else { "tar.gz" };
            let sum = i.to_string().repeat(64);
            // Lists of contents stand between the archives.
            format!("{}  gotrace-diff-v1.2.3-{t}.cdx.json\n{sum}  gotrace-diff-v1.2.3-{t}.{end}\n", "e".repeat(64))
        })
        .collect();
    if !has("python3") {
        return left_out("python3", "the Homebrew formula");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sums"), format!("# notes\n{manifest}")).unwrap();
    let formula = |input: &Path| {
        let input = std::fs::File::open(input).unwrap();
        let script = root().join("release/formula.py");
        Command::new("python3").arg(script).arg("someone/gotrace-diff").stdin(input).output().unwrap()
    };
    let made = formula(&folder.path().join("sums"));
    let text = said(&made);
    assert!(made.status.success(), "{text}");
    for (i, target) in TARGETS.iter().enumerate().take(4) {
        let url = format!(
            "https://github.com/someone/gotrace-diff/releases/download/v1.2.3/gotrace-diff-v1.2.3-{target}.tar.gz"
        );
        assert!(text.contains(&format!("url \"{url}\"\n      sha256 \"{}\"", i.to_string().repeat(64))), "{text}");
    }
    // Before the first release there is none.
    let manifest = "go/internal/release/checksums.txt";
    assert_eq!(formula(&root().join(manifest)).status.success(), read(manifest).contains("musl"));
    if has("ruby") {
        std::fs::write(folder.path().join("formula.rb"), &text).unwrap();
        let checked = Command::new("ruby").arg("-c").arg(folder.path().join("formula.rb")).output().unwrap();
        assert!(checked.status.success(), "{}", said(&checked));
    }
}

#[test]
fn workflows_use_what_is_pinned_and_zizmor_finds_nothing() {
    for line in read(".github/workflows/release.yml").lines().filter(|l| l.contains("uses:")) {
        let (_, pinned) = line.split_once('@').unwrap_or_else(|| panic!("{line}"));
        let (hash, version) = pinned.split_once(" # v").unwrap_or_else(|| panic!("{line}"));
        assert!(hash.len() == 40 && hash.chars().all(|c| c.is_ascii_hexdigit()) && !version.is_empty(), "{line}");
    }
    if !has("zizmor") {
        return left_out("zizmor", "the audit of the release workflow");
    }
    let output = Command::new("zizmor")
        .args(["--offline", "--persona", "auditor", "--no-progress"])
        .arg(root().join(".github/workflows/release.yml"))
        .output()
        .unwrap();
    assert!(output.status.success() && said(&output).contains("No findings"), "{}", said(&output));
}

/// The examples, and the schema that each follows; Jenkins has none.
const EXAMPLES: [(&str, Option<&str>); 6] = [
    ("gitlab/.gitlab-ci.yml", Some("vendor.gitlab-ci")),
    ("buildkite/pipeline.yml", Some("vendor.buildkite")),
    ("circleci/config.yml", Some("vendor.circle-ci")),
    ("azure/azure-pipelines.yml", Some("vendor.azure-pipelines")),
    ("forgejo/performance.yml", Some("vendor.github-workflows")),
    ("jenkins/Jenkinsfile", None),
];

#[test]
fn commands_of_ci_examples_are_ones_that_there_are() {
    for (example, _) in EXAMPLES {
        let text = read(&format!("examples/ci/{example}"));
        let mut seen = 0;
        for line in text.lines().filter(|l| !l.trim_start().starts_with(['#', '/'])) {
            let line = line.replace("\"$GOPATH/bin/gotrace-diff\"", "gotrace-diff");
            let Some(at) = line.find("gotrace-diff run ") else { continue };
            let command = line[at..].split(" || ").next().unwrap().trim_end_matches('\'').replace('"', "");
            Cli::try_parse_from(command.split_whitespace()).unwrap_or_else(|e| panic!("{example}: {command}: {e}"));
            seen += 1;
        }
        assert_eq!(seen, 1, "{example}");
        assert!(text.contains(&format!("cmd/gotrace-diff@v{VERSION}")), "{example} installs another version");
    }
}

#[test]
fn ci_examples_are_as_their_schemas_say() {
    if !has("check-jsonschema") {
        return left_out("check-jsonschema", "the schemas of CI examples");
    }
    for (example, schema) in EXAMPLES.iter().filter_map(|(e, s)| s.map(|s| (e, s))) {
        let path = root().join("examples/ci").join(example);
        let mut command = Command::new("check-jsonschema");
        command.args(["--builtin-schema", schema]);
        if schema.ends_with("azure-pipelines") {
            // Its patterns are no strict JavaScript, and its expressions are no YAML.
            command.args(["--regex-variant", "nonunicode", "--data-transform", "azure-pipelines"]);
        }
        let output = command.arg(&path).output().unwrap();
        assert!(output.status.success(), "{example}: {}", said(&output));
        // The schema is one that refuses.
        let broken = tempfile::Builder::new().suffix(".yml").tempfile().unwrap();
        std::fs::write(broken.path(), "steps: 7\njobs: [1]\nversion: {}\nperformance: 7\n").unwrap();
        let mut command = Command::new("check-jsonschema");
        command.args(["--builtin-schema", schema, "--regex-variant", "nonunicode"]);
        let output = command.arg(broken.path()).output().unwrap();
        assert!(!output.status.success(), "{schema} takes anything");
    }
}

#[test]
#[cfg(unix)]
fn the_pre_push_hook_keeps_back_only_what_is_proven() {
    use std::os::unix::fs::PermissionsExt as _;
    if !has("git") {
        return left_out("git", "the pre-push hook");
    }
    let folder = tempfile::tempdir().unwrap();
    let (work, bin) = (folder.path().join("work"), folder.path().join("bin"));
    std::fs::create_dir_all(&bin).unwrap();
    // Stands in for the binary: notes what it was asked, and says what the test wants.
    let fake = bin.join("gotrace-diff");
    std::fs::write(&fake, "#!/bin/sh\necho \"$* $GIT_DIR\" >> \"$ASKED\"\nexit \"$STATUS\"\n").unwrap();
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).unwrap();
    let asked = folder.path().join("asked");
    let git = |args: &[&str], status: &str| {
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]);
        command.args(args).env("PATH", path).env("ASKED", &asked).env("STATUS", status);
        command.current_dir(if work.is_dir() { &work } else { folder.path() }).output().unwrap()
    };
    assert!(git(&["init", "--quiet", "--bare", "remote"], "0").status.success());
    assert!(git(&["init", "--quiet", "work"], "0").status.success());
    git(&["remote", "add", "origin", "../remote"], "0");
    let hook = work.join(".git/hooks/pre-push");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::copy(root().join("examples/pre-push/pre-push"), &hook).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (i, (status, pushed)) in [("0", true), ("3", true), ("2", true), ("1", false)].into_iter().enumerate() {
        git(&["commit", "--quiet", "--allow-empty", "-m", status], "0");
        let branch = format!("HEAD:refs/heads/b{i}");
        let output = git(&["push", "--quiet", "origin", &branch], status);
        assert_eq!(output.status.success(), pushed, "{status}: {}", said(&output));
        let there = git(&["ls-remote", "--heads", "origin", &format!("b{i}")], "0");
        assert_eq!(!there.stdout.is_empty(), pushed, "{status}");
    }
    let head = String::from_utf8(git(&["rev-parse", "HEAD"], "0").stdout).unwrap();
    let last = std::fs::read_to_string(&asked).unwrap().lines().last().unwrap().to_owned();
    assert_eq!(last.trim(), format!("run ./... --affected --head {} --max-time 2m --quiet", head.trim()));
    // What it asks for is there, and can be set.
    Cli::try_parse_from(format!("gotrace-diff {}", last.trim()).split_whitespace()).unwrap();
    git(&["config", "gotrace-diff.time", "5m"], "0");
    git(&["config", "gotrace-diff.base", "origin/develop"], "0");
    git(&["push", "--quiet", "origin", "HEAD:refs/heads/other"], "0");
    let last = std::fs::read_to_string(&asked).unwrap().lines().last().unwrap().to_owned();
    assert!(last.trim().ends_with("--max-time 5m --quiet --base origin/develop"), "{last}");
    // Deleting a branch changes no code.
    let before = std::fs::read_to_string(&asked).unwrap();
    assert!(git(&["push", "--quiet", "origin", ":refs/heads/b0"], "1").status.success());
    assert_eq!(std::fs::read_to_string(&asked).unwrap(), before);
    assert!(git(&["push", "--quiet", "--no-verify", "origin", "HEAD:refs/heads/b3"], "1").status.success());
}
