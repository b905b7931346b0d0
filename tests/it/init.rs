//! `gotrace-diff init`: a file that is understood, changes nothing by itself, and overwrites nothing.

use std::path::Path;

use gotrace_diff::config;

use crate::cli::{cli, out};

fn module() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for (file, text) in [
        (".git/HEAD", ""),
        ("go.mod", "module example.com/shop // ours\n"),
        (
            "cart/cart.go",
            "package cart\nfunc f() { trace.WithRegion(ctx, \"parse \\\"x\", g); trace.WithRegion(ctx, \"render: a'b\", g) }\n",
        ),
        ("cart/cart_test.go", "package cart\nfunc BenchmarkFill(b *testing.B) {}\n"),
        ("db/db.go", "package db\nfunc f() { ctx, task := trace.NewTask(ctx, \"query\") }\n"),
        ("vendor/x/x.go", "trace.NewTask(ctx, \"vendored\")"),
        ("tools/go.mod", "module example.com/tools\n"),
        ("tools/t.go", "trace.NewTask(ctx, \"tool\")"),
    ] {
        std::fs::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
        std::fs::write(dir.join(file), text).unwrap();
    }
    folder
}

/// What a reader gets who takes the # away wherever a key or a table follows.
fn uncommented(text: &str) -> String {
    let is_toml = |line: &&str| {
        line.strip_prefix("# ").is_some_and(|rest| {
            let key = rest.split(" = ").next().unwrap_or_default();
            rest.starts_with("[[")
                || (rest.starts_with('[') && rest.ends_with(']'))
                || (rest.contains(" = ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        })
    };
    text.lines().map(|l| if is_toml(&l) { &l[2..] } else { l }).collect::<Vec<_>>().join("\n")
}

#[test]
fn init_writes_what_the_module_has() {
    let folder = module();
    let dir = folder.path();
    let got = cli(&dir.join("cart"), &["init"]);
    assert_eq!(got.status.code(), Some(0), "{}", out(&got));
    let path = dir.join("gotrace-diff.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    for want in ["example.com/shop/*", "region = \"render: a'b\"", "task = \"query\"", "# benchtime = "] {
        assert!(text.contains(want), "{want}: {text}");
    }
    for not in ["vendored", "\"tool\"", "parse", "root"] {
        assert!(!text.contains(not), "{not}: {text}");
    }
    // It says nothing, and what it proposes is understood.
    assert_eq!(config::load(&path).unwrap().rules.len(), 0);
    let all = config::parse_text(&path, &uncommented(&text)).unwrap();
    assert_eq!(all.rules.len(), 4);
    assert_eq!(all.rounds, Some(100));
    assert_eq!((all.report.top, all.framework.waits.len()), (Some(10), 1));
}

#[test]
fn init_overwrites_nothing() {
    let folder = module();
    let dir = folder.path();
    std::fs::write(dir.join("gotrace-diff.toml"), "# mine\n").unwrap();
    assert_eq!(cli(dir, &["init"]).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(dir.join("gotrace-diff.toml")).unwrap(), "# mine\n");
    assert_eq!(cli(dir, &["init", "--print"]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(dir.join("gotrace-diff.toml")).unwrap(), "# mine\n");
    // A module below says that it inherits.
    assert_eq!(cli(&dir.join("tools"), &["init"]).status.code(), Some(0));
    assert!(std::fs::read_to_string(dir.join("tools/gotrace-diff.toml")).unwrap().contains("# root = true"));
    assert_eq!(cli(Path::new("/"), &["init"]).status.code(), Some(2));
}
