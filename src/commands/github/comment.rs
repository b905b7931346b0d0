//! The comment on the pull request: one for each key, found again and updated in place.
//!
//! ```text
//!   there is none    pass, nothing to tell ──▶ nothing          else ──▶ POST, then list again:
//!                                                                        an older one of ours? ──▶ DELETE ours, PATCH it
//!   there is one     a later run wrote it  ──▶ nothing          same text ──▶ nothing           else ──▶ PATCH
//! ```
//!
//! All of it may be done again from the start, and is where the server has a bad moment. Whatever goes wrong ends in a
//! notice: no trouble with a comment changes the verdict.

use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::body::{Key, State, Told, When, read, without_commands};
use super::environment::{event, has_compared, one_of, path, report_folder, repository, text, variable};
use super::outputs::{Kind, Outputs, annotate};
use super::pull::{self, Pull};
use crate::commands::{DONE, documents};
use crate::error::Error;
use crate::report::format::Format;

/// When there is to be a comment.
const POLICIES: [&str; 3] = ["auto", "always", "never"];

/// What became of it; the words are the output `comment-posted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It says now what there is to say.
    Posted,
    /// There is nothing to say, or nowhere.
    Nothing,
    /// The token may not, since the pull request comes from a fork.
    Fork,
    /// The token may not.
    Denied,
    /// The server did not.
    Failed,
    /// We do not.
    Refused,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Posted => "true",
            Outcome::Nothing => "false",
            Outcome::Fork => "skipped-fork",
            Outcome::Denied => "denied",
            Outcome::Failed => "failed",
            Outcome::Refused => "refused",
        }
    }
}

pub(super) fn run() -> Result<u8, Error> {
    let outcome = match write() {
        Ok(outcome) => outcome,
        Err(error) => {
            annotate(Kind::Notice, &format!("no comment: {}", super::gate::told(&error)))?;
            Outcome::Failed
        }
    };
    let mut outputs = Outputs::default();
    outputs.set("comment-posted", outcome.name());
    outputs.write()?;
    Ok(DONE)
}

fn write() -> Result<Outcome, Error> {
    let policy = one_of("comment", &POLICIES)?;
    if policy == "never" {
        return Ok(Outcome::Nothing);
    }
    if variable("GITHUB_EVENT_NAME") == "pull_request_target" {
        annotate(
            Kind::Warning,
            "no comment: a job of pull_request_target has a token that may write, and this one has run code of the \
             pull request's; use pull_request, and workflow_run for pull requests of forks (docs/action.md)",
        )?;
        return Ok(Outcome::Refused);
    }
    let event = event();
    let api = Api::of_job(variable("GOTRACE_DIFF_TOKEN"))?;
    let number = match pull::find(&api, &event)? {
        Pull::Number(number) => number,
        Pull::None(why) => {
            annotate(Kind::Notice, &format!("no comment: {why}"))?;
            return Ok(Outcome::Nothing);
        }
    };
    let told = Told { report: report()?, when: When::now(&event) };
    let job =
        Job { api, repository: repository()?, number, key: Key::of_job(&event), event, always: policy == "always" };
    job.write(&told)
}

/// The report; `None` where nothing could be compared.
fn report() -> Result<Option<crate::report::model::Report>, Error> {
    let given = path("report")?;
    let foreign = given.is_some();
    let path = match given {
        Some(path) => path,
        None => report_folder()?.1.join(Format::Json.file_name()),
    };
    if !foreign && !has_compared() {
        return Ok(None);
    }
    let text = documents::read_text(&path, documents::MOST_BYTES)?;
    let report = documents::parse_report(&path.display().to_string(), &text)?;
    Ok(Some(if foreign { without_commands(report) } else { report }))
}

/// What is known of the comment's place.
struct Job {
    api: Api,
    repository: String,
    number: u64,
    key: Key,
    event: Value,
    always: bool,
}

/// A comment of ours that is there.
struct Comment {
    id: u64,
    body: String,
}

impl Job {
    /// Until it is done, or cannot be.
    fn write(&self, told: &Told) -> Result<Outcome, Error> {
        let login = self.api.login()?;
        let mut wait = Api::first_wait();
        let mut left = Api::attempts();
        loop {
            left -= 1;
            match self.once(told, &login)? {
                Ok(outcome) => return Ok(outcome),
                Err(answer) if answer.passes() && left > 0 => self.api.pause(&answer, &mut wait),
                Err(answer) => return self.give_up(&answer),
            }
        }
    }

    fn once(&self, told: &Told, login: &str) -> Result<Result<Outcome, Answer>, Error> {
        let comments = match self.ours(login)? {
            Ok(comments) => comments,
            Err(answer) => return Ok(Err(answer)),
        };
        let Some((first, rest)) = comments.split_first() else {
            if !self.always && told.state(None) != State::Regression && told.state(None) != State::Inconclusive {
                return Ok(Ok(Outcome::Nothing));
            }
            return self.create(told, login);
        };
        // Of an earlier race: one is enough.
        for more in rest {
            self.api.once("DELETE", &self.comment(more.id), None)?;
        }
        self.update(first, told)
    }

    fn comment(&self, id: u64) -> String {
        format!("/repos/{}/issues/comments/{id}", self.repository)
    }

    fn comments(&self) -> String {
        format!("/repos/{}/issues/{}/comments", self.repository, self.number)
    }

    /// Our comments, the oldest first.
    fn ours(&self, login: &str) -> Result<Result<Vec<Comment>, Answer>, Error> {
        let all = match self.api.list(&self.comments())? {
            Ok(all) => all,
            Err(answer) => return Ok(Err(answer)),
        };
        let mut ours: Vec<Comment> = all
            .iter()
            .filter(|c| is_by(c, login))
            .filter_map(|c| {
                let body = text(c, "/body").to_owned();
                Some(Comment { id: c.pointer("/id")?.as_u64()?, body }).filter(|c| self.key.is_of(&c.body))
            })
            .collect();
        ours.sort_by_key(|c| c.id);
        Ok(Ok(ours))
    }

    fn update(&self, there: &Comment, told: &Told) -> Result<Result<Outcome, Answer>, Error> {
        let (before, when) = read(&there.body);
        if when > told.when {
            annotate(Kind::Notice, "no comment: a later run has commented already")?;
            return Ok(Ok(Outcome::Nothing));
        }
        let body = told.body(&self.key, before, &self.event);
        if same(&body, &there.body) {
            return Ok(Ok(Outcome::Nothing));
        }
        let answer = self.api.once("PATCH", &self.comment(there.id), Some(&json!({ "body": body })))?;
        Ok(if answer.ok() { Ok(Outcome::Posted) } else { Err(answer) })
    }

    fn create(&self, told: &Told, login: &str) -> Result<Result<Outcome, Answer>, Error> {
        let body = told.body(&self.key, None, &self.event);
        let answer = self.api.once("POST", &self.comments(), Some(&json!({ "body": body })))?;
        if !answer.ok() {
            return Ok(Err(answer));
        }
        // Another job with the same key may have looked when there was none, too. Both see both now, and agree on the
        // older one.
        if let (Some(made), Ok(all)) = (answer.body.pointer("/id").and_then(Value::as_u64), self.ours(login)?)
            && let Some(oldest) = all.first().filter(|c| c.id < made)
        {
            self.api.once("DELETE", &self.comment(made), None)?;
            return self.update(oldest, told);
        }
        Ok(Ok(Outcome::Posted))
    }

    fn give_up(&self, answer: &Answer) -> Result<Outcome, Error> {
        let head = text(&self.event, "/pull_request/head/repo/full_name");
        let fork = !head.is_empty() && head != self.repository;
        let (outcome, why) = match answer.status {
            401 | 403 | 404 if fork => (
                Outcome::Fork,
                "pull requests of forks get a token that may not write; the summary of the job has the report, and \
                 docs/action.md has the pair of workflows that comments all the same"
                    .to_owned(),
            ),
            401 | 403 | 404 => {
                (Outcome::Denied, format!("{} (the job needs `permissions: pull-requests: write`)", answer.told()))
            }
            _ => (Outcome::Failed, answer.told()),
        };
        annotate(Kind::Notice, &format!("no comment: {why}"))?;
        Ok(outcome)
    }
}

/// Whether the comment is of the token's own. GraphQL and REST differ in whether a bot's name ends in `[bot]`.
fn is_by(comment: &Value, login: &str) -> bool {
    let author = text(comment, "/user/login");
    let bot = text(comment, "/user/type") == "Bot" && author.strip_suffix("[bot]") == Some(login);
    author == login || bot
}

/// GitHub gives text back with other ends of lines, and without blanks at its end.
fn same(one: &str, other: &str) -> bool {
    one.trim_end().lines().map(str::trim_end).eq(other.trim_end().lines().map(str::trim_end))
}
