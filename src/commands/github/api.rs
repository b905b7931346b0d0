//! GitHub's API, by way of curl.
//!
//! The token goes to curl through its standard input: arguments of a process can be read by all others. Redirections
//! are not followed, and pages are counted rather than followed, so that it goes to no other host.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::environment::variable;
use crate::error::Error;

/// What GitHub gives at most a page.
const PER_PAGE: usize = 100;
/// More pages than any conversation has: GitHub takes 2,500 comments of an issue.
const MOST_PAGES: usize = 100;
/// How often a request is made that fails for reasons that pass.
const ATTEMPTS: u32 = 4;
/// The wait after the first failure; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// A longer wait is not waited for.
const LONGEST_WAIT: u64 = 60;
/// The largest answer that is read.
const MOST_BYTES: u64 = 64 << 20;

/// What became of a request.
#[derive(Debug)]
pub(super) struct Answer {
    /// The HTTP status, 0 where there was no answer at all.
    pub(super) status: u16,
    pub(super) body: Value,
    /// Whether there is another page, where the server says so.
    next: Option<bool>,
    /// How long it asks to be left alone, seconds.
    retry_after: Option<u64>,
    /// Why there was no answer.
    why: String,
}

impl Answer {
    pub(super) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the same may go well in a moment: the server's fault, or too many requests.
    pub(super) fn passes(&self) -> bool {
        matches!(self.status, 0 | 408 | 429 | 500..=599) || (self.status == 403 && self.retry_after.is_some())
    }

    /// In words, for a notice.
    pub(super) fn told(&self) -> String {
        let message = self.body.pointer("/message").and_then(Value::as_str).unwrap_or(&self.why);
        let message: String = message.chars().take(300).collect();
        match self.status {
            0 => format!("no answer: {message}"),
            status => format!("HTTP {status}: {message}"),
        }
    }
}

/// The API, with the job's token.
#[derive(Debug)]
pub(super) struct Api {
    url: String,
    token: String,
    scratch: tempfile::TempDir,
}

impl Api {
    /// The API of the server that the job belongs to.
    pub(super) fn of_job(token: String) -> Result<Api, Error> {
        let given = variable("GITHUB_API_URL");
        let url = if given.is_empty() { "https://api.github.com".to_owned() } else { given };
        let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|l| url.starts_with(l));
        if !(local || url.starts_with("https://")) || url.contains(char::is_control) {
            return Err(Error::Usage(format!("GITHUB_API_URL is `{url}`: a token goes over https only")));
        }
        if token.contains(|c: char| !c.is_ascii_graphic()) {
            return Err(Error::Usage("the input token is no token".to_owned()));
        }
        let scratch = tempfile::tempdir()
            .map_err(|source| Error::Write { file: std::env::temp_dir().display().to_string(), source })?;
        Ok(Api { url: url.trim_end_matches('/').to_owned(), token, scratch })
    }

    /// One request, made again while it fails for reasons that pass. For what may be done twice.
    pub(super) fn get(&self, path: &str) -> Result<Answer, Error> {
        let mut wait = FIRST_WAIT;
        for _ in 1..ATTEMPTS {
            let answer = self.once("GET", path, None)?;
            if !answer.passes() || answer.retry_after.is_some_and(|s| s > LONGEST_WAIT) {
                return Ok(answer);
            }
            self.pause(&answer, &mut wait);
        }
        self.once("GET", path, None)
    }

    /// All pages of a list.
    pub(super) fn list(&self, path: &str) -> Result<Result<Vec<Value>, Answer>, Error> {
        let mut all = Vec::new();
        let mark = if path.contains('?') { '&' } else { '?' };
        for page in 1..=MOST_PAGES {
            let mut answer = self.get(&format!("{path}{mark}per_page={PER_PAGE}&page={page}"))?;
            let Value::Array(items) = answer.body.take() else { return Ok(Err(answer)) };
            if !answer.ok() {
                return Ok(Err(answer));
            }
            let full = items.len() >= PER_PAGE;
            let empty = items.is_empty();
            all.extend(items);
            if empty || !answer.next.unwrap_or(full) {
                break;
            }
        }
        Ok(Ok(all))
    }

    /// Waits before the next attempt.
    pub(super) fn pause(&self, answer: &Answer, wait: &mut Duration) {
        let asked = answer.retry_after.map(|s| Duration::from_secs(s.min(LONGEST_WAIT)));
        std::thread::sleep(asked.unwrap_or(*wait));
        *wait *= 2;
    }

    /// The wait to begin with.
    pub(super) fn first_wait() -> Duration {
        FIRST_WAIT
    }

    /// The attempts that are made.
    pub(super) fn attempts() -> u32 {
        ATTEMPTS
    }

    /// Who the token belongs to.
    pub(super) fn login(&self) -> Result<String, Error> {
        // The token of a job may not ask for its user over REST, but GraphQL answers it.
        let query = serde_json::json!({ "query": "query { viewer { login } }" });
        // github.com has it below the API; a GitHub of one's own beside it: HOST/api/v3 and HOST/api/graphql.
        let address = format!("{}/graphql", self.url.strip_suffix("/v3").unwrap_or(&self.url));
        let answer = self.at("POST", &address, Some(&query))?;
        let login = answer.body.pointer("/data/viewer/login").and_then(Value::as_str);
        if let Some(login) = login.filter(|_| answer.ok()) {
            return Ok(login.to_owned());
        }
        let answer = self.once("GET", "/user", None)?;
        let login = answer.body.pointer("/login").and_then(Value::as_str).filter(|_| answer.ok());
        Ok(login.unwrap_or("github-actions[bot]").to_owned())
    }

    /// One request.
    pub(super) fn once(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, Error> {
        self.at(method, &format!("{}{path}", self.url), body)
    }

    fn at(&self, method: &str, address: &str, body: Option<&Value>) -> Result<Answer, Error> {
        let file = |name: &str| self.scratch.path().join(name);
        let (said, head, sent) = (file("body"), file("head"), file("sent"));
        let written = |path: &std::path::Path, text: &str| {
            std::fs::write(path, text).map_err(|source| Error::Write { file: path.display().to_string(), source })
        };
        written(&said, "")?;
        written(&head, "")?;
        let mut config = String::new();
        let mut set = |key: &str, value: &str| config.push_str(&format!("{key} = \"{}\"\n", quoted(value)));
        set("url", address);
        set("request", method);
        set("proto", if address.starts_with("http://") { "=http" } else { "=https" });
        set("user-agent", concat!("gotrace-diff/", env!("CARGO_PKG_VERSION")));
        set("header", "Accept: application/vnd.github+json");
        set("header", "X-GitHub-Api-Version: 2022-11-28");
        if !self.token.is_empty() {
            set("header", &format!("Authorization: Bearer {}", self.token));
        }
        set("output", &said.display().to_string());
        set("dump-header", &head.display().to_string());
        set("write-out", "%{http_code}");
        set("connect-timeout", "10");
        set("max-time", "60");
        set("max-filesize", &MOST_BYTES.to_string());
        if let Some(body) = body {
            written(&sent, &body.to_string())?;
            set("header", "Content-Type: application/json");
            set("data-binary", &format!("@{}", sent.display()));
        }
        let (out, err) = curl(&config)?;
        let status = out.trim().parse().unwrap_or(0);
        let head = std::fs::read(&head).unwrap_or_default();
        let head = String::from_utf8_lossy(&head).into_owned();
        let body = std::fs::read(&said).unwrap_or_default();
        Ok(Answer {
            status,
            body: serde_json::from_slice(&body).unwrap_or_default(),
            next: header(&head, "link").map(|link| link.contains("rel=\"next\"")),
            retry_after: retry_after(&head),
            why: err.trim().to_owned(),
        })
    }
}

/// Runs curl with a configuration; gives its two outputs.
fn curl(config: &str) -> Result<(String, String), Error> {
    let program = |source: std::io::Error| Error::Program {
        program: "curl".to_owned(),
        message: source.to_string(),
        output: String::new(),
    };
    // The first argument: no .curlrc of anybody's is read.
    let mut child = Command::new("curl")
        .args(["--disable", "--silent", "--show-error", "--config", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(program)?;
    if let Some(mut input) = child.stdin.take() {
        // A curl that has died says why below.
        let _ = input.write_all(config.as_bytes());
    }
    let output = child.wait_with_output().map_err(program)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((text(&output.stdout), text(&output.stderr)))
}

/// A value in quotes of curl's configuration.
fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | '"' => out.extend(['\\', c]),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// The last header of a name: an answer of "100 Continue" or of a proxy may stand before the one that counts.
fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let of = |line: &'h str| line.split_once(':').filter(|(n, _)| n.trim().eq_ignore_ascii_case(name));
    head.lines().filter_map(of).next_back().map(|(_, value)| value.trim())
}

/// How long to wait, where the server limits how often it is asked.
fn retry_after(head: &str) -> Option<u64> {
    header(head, "retry-after").and_then(|v| v.parse().ok()).or_else(|| {
        let used_up = header(head, "x-ratelimit-remaining") == Some("0");
        // When it will be well again is a time of day, up to an hour away: longer than any job should wait.
        used_up.then_some(LONGEST_WAIT + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_in_their_quotes() {
        assert_eq!(quoted("a\"\nurl = \"b\\"), "a\\\"url = \\\"b\\\\");
    }

    #[test]
    fn the_last_answers_headers_count() {
        let head = "HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\nHTTP/1.1 403 x\r\nretry-after: 2\r\nLink: <x>; rel=\"next\"\r\n";
        assert_eq!(retry_after(head), Some(2));
        assert_eq!(header(head, "link"), Some("<x>; rel=\"next\""));
        assert_eq!(retry_after("x-ratelimit-remaining: 0\r\n"), Some(61));
    }
}
