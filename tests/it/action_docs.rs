//! docs/action.md says what action.yml has, and all that we show to be copied is as we would have it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::action_harness::{root, yaml};

/// The rows of the tables in a part of a paper whose first cell is code: that, and the cell behind it.
fn table(text: &str, from: &str, to: &str) -> BTreeMap<String, String> {
    let (_, part) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    let part = part.split_once(to).map_or(part, |(part, _)| part);
    let rows = part.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (name, rest) = row.split_once("` |").unwrap();
        (name.to_owned(), rest.split('|').next().unwrap().trim().trim_matches('`').to_owned())
    })
    .collect()
}

fn inputs(action: &Value) -> BTreeMap<String, String> {
    let of = |input: &Value| input["default"].as_str().expect("a default that is text").to_owned();
    action["inputs"].as_object().unwrap().iter().map(|(name, input)| (name.clone(), of(input))).collect()
}

#[test]
fn the_page_has_every_input_with_its_default_and_every_output() {
    let page = std::fs::read_to_string(root().join("docs/action.md")).unwrap();
    let action = yaml(&root().join("action.yml"));
    assert_eq!(table(&page, "\n## Inputs\n", "\n## "), inputs(&action));
    let outputs: Vec<String> = table(&page, "\n## Outputs\n", "\n## ").into_keys().collect();
    let mut known: Vec<String> = action["outputs"].as_object().unwrap().keys().cloned().collect();
    known.sort();
    assert_eq!(outputs, known);
    let comment = yaml(&root().join("comment/action.yml"));
    assert_eq!(table(&page, "**Forks.**", "\n## "), inputs(&comment));
}

#[test]
fn no_script_holds_an_expression_and_nothing_of_others_is_used() {
    for file in ["action.yml", "comment/action.yml"] {
        let action = yaml(&root().join(file));
        let steps = action["runs"]["steps"].as_array().unwrap();
        let mut handed = Vec::new();
        for step in steps {
            assert!(step["uses"].is_null(), "{file}: {step}");
            assert!(!step["run"].as_str().unwrap().contains("${{"), "{file}: {step}");
            handed.extend(step["env"].as_object().into_iter().flatten().map(|(_, v)| v.as_str().unwrap().to_owned()));
        }
        // What is an input is used, and what is used is an input.
        for (i, step) in steps.iter().enumerate() {
            handed.push(step["if"].as_str().unwrap_or_default().to_owned());
            let tests = i == 2 && file == "action.yml";
            assert!(!tests || !step["env"].to_string().contains("token"), "the tests get a token");
        }
        let all = handed.join("\n");
        for name in inputs(&action).keys() {
            assert!(all.contains(&format!("inputs.{name} ")), "{file}: the input {name} is used nowhere");
        }
    }
}

#[test]
fn workflows_give_only_inputs_that_there_are_and_pin_what_they_use() {
    let pinned = regex::Regex::new(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$").unwrap();
    let mut uses = 0;
    for folder in ["examples/github", ".github/workflows"] {
        for file in std::fs::read_dir(root().join(folder)).unwrap().map(|f| f.unwrap().path()) {
            let workflow = yaml(&file);
            assert_eq!(workflow["permissions"], serde_json::json!({}), "{}", file.display());
            for job in workflow["jobs"].as_object().unwrap().values() {
                assert!(job["permissions"].is_object() && job["timeout-minutes"].is_number(), "{}", file.display());
                for step in job["steps"].as_array().unwrap() {
                    let Some(used) = step["uses"].as_str() else { continue };
                    uses += 1;
                    assert!(used.starts_with("./") || pinned.is_match(used), "{}: {used}", file.display());
                    let ours = match used.split('@').next().unwrap() {
                        "OWNER/gotrace-diff" | "./" => "action.yml",
                        "OWNER/gotrace-diff/comment" => "comment/action.yml",
                        _ => continue,
                    };
                    let known = inputs(&yaml(&root().join(ours)));
                    for name in step["with"].as_object().into_iter().flatten().map(|(name, _)| name) {
                        assert!(known.contains_key(name), "{}: {name}", file.display());
                    }
                }
            }
        }
    }
    assert!(uses >= 10, "{uses}");
}
