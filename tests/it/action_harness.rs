//! What GitHub's runner does with a composite action, as far as action.yml needs it: inputs, expressions, steps with
//! their environment and files, commands in the log. The scripts are run by the real bash.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A document of YAML.
pub fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A job: where it runs, and what the action is told.
pub struct Job {
    /// `RUNNER_TEMP`, the workspace and the rest are below it.
    pub folder: tempfile::TempDir,
    pub action: PathBuf,
    pub with: BTreeMap<String, String>,
    pub env: BTreeMap<String, String>,
    pub matrix: Value,
}

/// One step that ran.
#[derive(Debug)]
pub struct Step {
    pub id: String,
    pub status: i32,
    /// What stands in the log.
    pub log: String,
    pub summary: String,
}

/// What came of a job.
#[derive(Debug)]
pub struct Done {
    pub steps: Vec<Step>,
    pub outputs: BTreeMap<String, String>,
    /// The exit status of the step that failed it.
    pub failed: Option<i32>,
}

impl Done {
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// All of the log.
    pub fn log(&self) -> String {
        self.steps.iter().map(|s| format!("-- {} ({})\n{}", s.id, s.status, s.log)).collect()
    }

    pub fn summary(&self) -> String {
        self.steps.iter().map(|s| s.summary.as_str()).collect()
    }

    /// The commands in the log that the runner obeys.
    pub fn annotations(&self) -> Vec<String> {
        let mut found = Vec::new();
        for step in &self.steps {
            let mut deaf: Option<String> = None;
            for line in step.log.lines().map(str::trim_start) {
                match &deaf {
                    Some(word) if line == format!("::{word}::") => deaf = None,
                    Some(_) => {}
                    None => match line.strip_prefix("::stop-commands::") {
                        Some(word) => deaf = Some(word.to_owned()),
                        None if line.starts_with("::") || line.contains("##[") => found.push(line.to_owned()),
                        None => {}
                    },
                }
            }
            assert_eq!(deaf, None, "the runner stays deaf after {}", step.id);
        }
        found
    }
}

impl Job {
    /// A job of this action, without inputs; the binary is the one under test.
    pub fn new(action: &str) -> Job {
        let folder = tempfile::tempdir().unwrap();
        for name in ["workspace", "temp", "tools", "home"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let at = |name: &str| folder.path().join(name).display().to_string();
        let mut env = BTreeMap::from(
            [
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_REPOSITORY", "team/shop"),
                ("GITHUB_SERVER_URL", "https://github.example"),
                ("GITHUB_RUN_ID", "17"),
                ("GITHUB_RUN_ATTEMPT", "1"),
                ("GITHUB_WORKFLOW", "ci"),
                ("GITHUB_JOB", "traces"),
                ("RUNNER_OS", "Linux"),
                ("RUNNER_ARCH", "X64"),
            ]
            .map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
        for (name, place) in [
            ("GITHUB_WORKSPACE", "workspace"),
            ("RUNNER_TEMP", "temp"),
            ("RUNNER_TOOL_CACHE", "tools"),
            ("HOME", "home"),
        ] {
            env.insert(name.to_owned(), at(place));
        }
        for name in
            ["PATH", "GOCACHE", "GOPATH", "GOROOT", "GOFLAGS", "GOPROXY", "GOTOOLCHAIN", "GOMODCACHE", "CARGO_HOME"]
        {
            if let Ok(value) = std::env::var(name) {
                env.insert(name.to_owned(), value);
            }
        }
        let with = BTreeMap::from([("binary-path".to_owned(), env!("CARGO_BIN_EXE_gotrace-diff").to_owned())]);
        Job { folder, action: root().join(action), with, env, matrix: Value::Null }
    }

    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    pub fn with(&mut self, inputs: &[(&str, &str)]) -> &mut Job {
        self.with.extend(inputs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        self
    }

    pub fn env(&mut self, variables: &[(&str, &str)]) -> &mut Job {
        self.env.extend(variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        self
    }

    /// The event, and what it is called.
    pub fn event(&mut self, name: &str, event: &Value) -> &mut Job {
        let path = self.folder.path().join("event.json");
        std::fs::write(&path, event.to_string()).unwrap();
        self.env(&[("GITHUB_EVENT_NAME", name), ("GITHUB_EVENT_PATH", path.to_str().unwrap())])
    }

    /// Runs all steps as the runner would.
    pub fn run(&self) -> Done {
        let action = yaml(&self.action.join("action.yml"));
        let known: Vec<&String> = action["inputs"].as_object().unwrap().keys().collect();
        let foreign = self.with.keys().find(|k| !known.contains(k));
        assert_eq!(foreign, None, "an input that the action does not have");
        let mut context = json!({
            "github": {"token": "job-token", "action_repository": "team/gotrace-diff"},
            "matrix": self.matrix,
            "inputs": {},
            "steps": {},
        });
        for (name, input) in action["inputs"].as_object().unwrap() {
            let given = self.with.get(name).cloned();
            let value = given.unwrap_or_else(|| filled(input["default"].as_str().unwrap_or_default(), &context, false));
            context["inputs"][name] = value.into();
        }
        let mut done = Done { steps: Vec::new(), outputs: BTreeMap::new(), failed: None };
        for (i, step) in action["runs"]["steps"].as_array().unwrap().iter().enumerate() {
            let failed = done.failed.is_some();
            let id = step["id"].as_str().map_or_else(|| format!("step-{i}"), str::to_owned);
            let runs = match step["if"].as_str() {
                Some(condition) => {
                    let text = condition.trim().trim_start_matches("${{").trim_end_matches("}}");
                    let says = ["cancelled()", "always()", "failure()", "success()"].iter().any(|f| text.contains(f));
                    (says || !failed) && truthy(&evaluate(text, &context, failed))
                }
                None => !failed,
            };
            if !runs {
                context["steps"][&id] = json!({"outcome": "skipped", "outputs": {}});
                continue;
            }
            let (ran, outputs) = self.step(&id, step, &context, failed);
            let outcome = if ran.status == 0 { "success" } else { "failure" };
            context["steps"][&id] = json!({"outcome": outcome, "outputs": outputs});
            if ran.status != 0 && step["continue-on-error"] != json!(true) && done.failed.is_none() {
                done.failed = Some(ran.status);
            }
            done.steps.push(ran);
        }
        for (name, output) in action["outputs"].as_object().unwrap() {
            let failed = done.failed.is_some();
            done.outputs.insert(name.clone(), filled(output["value"].as_str().unwrap(), &context, failed));
        }
        done
    }

    fn step(&self, id: &str, step: &Value, context: &Value, failed: bool) -> (Step, Map<String, Value>) {
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "{id}: an expression in a script");
        assert_eq!(step["shell"], "bash", "{id}");
        let temp = self.folder.path().join("temp");
        let file = |name: &str| temp.join(format!("{id}-{name}"));
        for name in ["output", "summary", "env", "path", "state"] {
            std::fs::write(file(name), "").unwrap();
        }
        std::fs::write(file("script.sh"), script).unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(file("script.sh"));
        command.env_clear().envs(&self.env).current_dir(self.workspace());
        command.env("GITHUB_ACTION_PATH", &self.action);
        for (variable, name) in [
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
            ("GITHUB_ENV", "env"),
            ("GITHUB_PATH", "path"),
            ("GITHUB_STATE", "state"),
        ] {
            command.env(variable, file(name));
        }
        if let Some(env) = step["env"].as_object() {
            for (name, value) in env {
                command.env(name, filled(value.as_str().unwrap(), context, failed));
            }
        }
        let output = command.output().unwrap();
        let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
        for name in ["env", "path", "state"] {
            assert_eq!(read(name), "", "{id} writes to the files of later steps");
        }
        let mut outputs = Map::new();
        for line in read("output").lines() {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{id}: output `{line}`"));
            outputs.insert(name.to_owned(), value.into());
        }
        let log = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let status = output.status.code().unwrap_or(-1);
        (Step { id: id.to_owned(), status, log, summary: read("summary") }, outputs)
    }
}

/// Text with all its expressions evaluated.
pub fn filled(text: &str, context: &Value, failed: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (inside, behind) = after.split_once("}}").unwrap_or_else(|| panic!("an expression without end: {text}"));
        out += before;
        out += &shown(&evaluate(inside, context, failed));
        rest = behind;
    }
    out + rest
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn truthy(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && *value != json!("") && *value != json!(0)
}

/// The value of an expression: `||`, `&&`, `==`, `!=`, `!`, text, functions and paths are all that action.yml uses.
fn evaluate(text: &str, context: &Value, failed: bool) -> Value {
    let text = text.trim();
    for operator in ["||", "&&", "!=", "=="] {
        let Some((left, right)) = split(text, operator) else { continue };
        let value = |side: &str| evaluate(side, context, failed);
        let left = value(left);
        return match operator {
            "||" => {
                if truthy(&left) {
                    left
                } else {
                    value(right)
                }
            }
            "&&" => {
                if truthy(&left) {
                    value(right)
                } else {
                    left
                }
            }
            "!=" => json!(shown(&left) != shown(&value(right))),
            _ => json!(shown(&left) == shown(&value(right))),
        };
    }
    if let Some(rest) = text.strip_prefix('!') {
        return json!(!truthy(&evaluate(rest, context, failed)));
    }
    if let Some(literal) = text.strip_prefix('\'') {
        return literal.strip_suffix('\'').unwrap_or_else(|| panic!("text without end: {text}")).into();
    }
    match text {
        "cancelled()" => json!(false),
        "always()" => json!(true),
        "failure()" => json!(failed),
        "success()" => json!(!failed),
        _ => match text.strip_prefix("toJSON(").and_then(|t| t.strip_suffix(')')) {
            Some(inside) => evaluate(inside, context, failed).to_string().into(),
            None => {
                assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "an expression: {text}");
                let found = text.split('.').try_fold(context, |value, key| value.get(key));
                found.cloned().unwrap_or_default()
            }
        },
    }
}

/// What is left and right of an operator that is in no text.
fn split<'t>(text: &'t str, operator: &str) -> Option<(&'t str, &'t str)> {
    let at =
        text.match_indices(operator).map(|(i, _)| i).find(|&i| text[..i].matches('\'').count().is_multiple_of(2))?;
    Some((&text[..at], &text[at + operator.len()..]))
}
