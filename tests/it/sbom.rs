//! The list of what the binary is made of: as its schema says, complete, and equal for equal sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::machine::left_out;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn sbom(target: &str, binary: Option<&Path>) -> String {
    let mut command = Command::new("python3");
    command.current_dir(root()).arg("release/sbom.py").arg(target).args(binary);
    let output = command.env("SOURCE_DATE_EPOCH", "1790000000").env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn the_list_of_contents_has_every_crate_that_is_linked_with_the_checksum_of_the_lock_file() {
    let new_enough = Command::new("python3").args(["-c", "import tomllib"]).output();
    if !new_enough.is_ok_and(|o| o.status.success()) {
        return left_out("Python 3.11", "the list of what the binary is made of");
    }
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("binary");
    std::fs::write(&binary, "abc").unwrap();
    let list = sbom("x86_64-unknown-linux-musl", Some(&binary));
    assert_eq!(list, sbom("x86_64-unknown-linux-musl", Some(&binary)), "made twice");
    let list: Value = serde_json::from_str(&list).unwrap();
    let main = &list["metadata"]["component"];
    assert_eq!(text(main, "version"), env!("CARGO_PKG_VERSION"));
    // FIPS 180-2, appendix B.1.
    assert_eq!(text(&main["hashes"][0], "content"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(text(&list["metadata"], "timestamp"), "2026-09-21T14:13:20Z");

    let components = list["components"].as_array().unwrap();
    let names: BTreeSet<&str> = components.iter().map(|c| text(c, "name")).collect();
    // What is linked, what only other systems link, what runs while it is built, what only tests use.
    for name in ["clap", "serde_json", "ruzstd", "linux-raw-sys", "rust-std"] {
        assert!(names.contains(name), "{name} is missing");
    }
    for name in ["windows-sys", "serde_derive", "criterion", "proptest", "gotrace-diff"] {
        assert!(!names.contains(name), "{name} is no part of the binary");
    }
    let lock: toml::Table = std::fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    for component in components.iter().filter(|c| text(c, "name") != "rust-std") {
        let of = |p: &&toml::Value| {
            p["name"].as_str() == Some(text(component, "name"))
                && p["version"].as_str() == Some(text(component, "version"))
        };
        let locked = lock["package"].as_array().unwrap().iter().find(of).unwrap();
        assert_eq!(Some(text(&component["hashes"][0], "content")), locked["checksum"].as_str(), "{component}");
        assert!(!text(&component["licenses"][0], "expression").is_empty(), "{component}");
    }
    // Whoever uses something names what is listed.
    let listed: BTreeSet<&str> = components.iter().chain([main]).map(|c| text(c, "bom-ref")).collect();
    let dependencies = list["dependencies"].as_array().unwrap();
    assert_eq!(dependencies.iter().map(|d| text(d, "ref")).collect::<BTreeSet<_>>(), listed);
    for used in dependencies.iter().flat_map(|d| d["dependsOn"].as_array()).flatten() {
        assert!(listed.contains(used.as_str().unwrap()), "{used}");
    }
}

/// A Python that has CycloneDX' own validator.
fn validator() -> Option<PathBuf> {
    let known = ["TEST_SBOM_PYTHON", "TEST_DUCKDB_PYTHON"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let has = |p: &PathBuf| {
        let output = Command::new(p).args(["-c", "import cyclonedx.validation.json, jsonschema"]).output();
        output.is_ok_and(|o| o.status.success())
    };
    known.chain([PathBuf::from("python3")]).find(has)
}

#[test]
fn the_list_of_contents_is_as_the_schema_of_cyclonedx_says() {
    let Some(python) = validator() else {
        return left_out("CycloneDX' validator (TEST_SBOM_PYTHON)", "the schema of the list of contents");
    };
    let script = "import sys\n\
        from cyclonedx.schema import SchemaVersion\n\
        from cyclonedx.validation.json import JsonStrictValidator\n\
        fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1], encoding='utf-8').read())\n\
        print('valid' if fault is None else fault)\n";
    let folder = tempfile::tempdir().unwrap();
    for target in ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"] {
        let list = folder.path().join(format!("{target}.cdx.json"));
        for (text, valid) in
            [(sbom(target, None), true), (sbom(target, None).replace("\"library\"", "\"book\""), false)]
        {
            std::fs::write(&list, text).unwrap();
            let output = Command::new(&python).args(["-c", script]).arg(&list).output().unwrap();
            assert_eq!(said(&output).trim() == "valid", valid, "{target}: {}", said(&output));
        }
    }
}
