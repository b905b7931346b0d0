//! A GitHub on the loopback: comments of one pull request, in pages, with the limits and refusals of the real one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

/// The longest body that GitHub takes.
const MOST: usize = 65_536;

/// What the server is and does; tests change it while it runs.
pub struct State {
    /// Who the token belongs to.
    pub login: String,
    pub comments: Vec<Value>,
    pub pulls: Vec<Value>,
    /// The answer to all that would write, with its headers.
    pub refuse: Option<(u16, &'static str)>,
    /// So many requests fail first.
    pub fail: usize,
    /// Whether failing requests are carried out all the same.
    pub fail_late: bool,
    /// How many comments a page has at most, whatever is asked for.
    pub page: usize,
    /// A comment that somebody else posts at the same moment.
    pub race: Option<Value>,
    /// Method and address of all requests.
    pub seen: Vec<(String, String)>,
    /// Requests without the job's token.
    pub strangers: usize,
    next: u64,
}

/// The server. It ends with the process.
pub struct Api {
    pub url: String,
    state: Arc<Mutex<State>>,
}

/// A comment as the API gives it.
pub fn comment(id: u64, login: &str, body: &str) -> Value {
    let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
    json!({"id": id, "user": {"login": login, "type": kind}, "body": body})
}

impl Api {
    pub fn start() -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            login: "github-actions[bot]".to_owned(),
            comments: Vec::new(),
            pulls: Vec::new(),
            refuse: None,
            fail: 0,
            fail_late: false,
            page: 100,
            race: None,
            seen: Vec::new(),
            strangers: 0,
            next: 1000,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &shared);
            }
        });
        Api { url, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The bodies of all comments.
    pub fn bodies(&self) -> Vec<String> {
        self.state().comments.iter().map(|c| c["body"].as_str().unwrap().to_owned()).collect()
    }

    /// How many requests there were of a method.
    pub fn count(&self, method: &str) -> usize {
        // Asking for a name is no change.
        self.state().seen.iter().filter(|(m, path)| m == method && path != "/graphql").count()
    }
}

fn answer(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() {
        return;
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return };
    let (method, path) = (method.to_owned(), path.to_owned());
    let (mut length, mut token) = (0, false);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => token = value.trim() == "Bearer job-token",
            "expect" => {
                let _ = (&stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut state = state.lock().unwrap();
    if !token {
        state.strangers += 1;
    }
    state.seen.push((method.clone(), path.clone()));
    let reply = if state.fail > 0 {
        state.fail -= 1;
        if state.fail_late {
            state.handle(&method, &path, &body);
        }
        (502, String::new(), json!({"message": "Bad gateway"}))
    } else {
        state.handle(&method, &path, &body)
    };
    drop(state);
    let text = if reply.0 == 204 { String::new() } else { reply.2.to_string() };
    let _ = write!(
        &stream,
        "HTTP/1.1 {} x\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        reply.0,
        reply.1,
        text.len()
    );
}

impl State {
    fn handle(&mut self, method: &str, path: &str, body: &Value) -> (u16, String, Value) {
        let none = String::new();
        let (place, query) = path.split_once('?').unwrap_or((path, ""));
        let asked =
            |key: &str| query.split('&').find_map(|p| p.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned);
        if method != "GET" && place != "/graphql" {
            if let Some((status, headers)) = self.refuse {
                return (status, headers.to_owned(), json!({"message": "Resource not accessible by integration"}));
            }
            if body["body"].as_str().is_some_and(|b| b.chars().count() > MOST) {
                let message = "body is too long (maximum is 65536 characters)";
                return (422, none, json!({"message": message}));
            }
        }
        match (method, place) {
            ("POST", "/graphql") => (200, none, json!({"data": {"viewer": {"login": self.login}}})),
            ("GET", "/repos/team/shop/pulls") => {
                let (owner, branch) =
                    asked("head").unwrap().split_once(':').map(|(o, b)| (o.to_owned(), b.to_owned())).unwrap();
                let matches = |p: &&Value| {
                    p["head"]["repo"]["owner"] == json!(owner) && p["head"]["ref"] == json!(branch.replace("%2F", "/"))
                };
                (200, none, self.pulls.iter().filter(matches).cloned().collect())
            }
            ("GET", "/repos/team/shop/issues/7/comments") => {
                let size = asked("per_page").unwrap().parse::<usize>().unwrap().min(self.page);
                let page = asked("page").unwrap().parse::<usize>().unwrap();
                let part: Vec<Value> = self.comments.iter().skip((page - 1) * size).take(size).cloned().collect();
                let more = self.comments.len() > page * size;
                let link = if more { "Link: <http://elsewhere.example/next>; rel=\"next\"\r\n" } else { "" };
                (200, link.to_owned(), part.into())
            }
            ("POST", "/repos/team/shop/issues/7/comments") => {
                self.comments.extend(self.race.take());
                self.next += 1;
                let made = comment(self.next, "github-actions[bot]", body["body"].as_str().unwrap());
                self.comments.push(made.clone());
                (201, none, made)
            }
            (_, place) => {
                let id = place.strip_prefix("/repos/team/shop/issues/comments/").and_then(|id| id.parse::<u64>().ok());
                let at = self.comments.iter().position(|c| id.is_some_and(|id| c["id"] == json!(id)));
                match (method, at) {
                    ("PATCH", Some(at)) => {
                        self.comments[at]["body"] = body["body"].clone();
                        (200, none, self.comments[at].clone())
                    }
                    ("DELETE", Some(at)) => {
                        self.comments.remove(at);
                        (204, none, Value::Null)
                    }
                    _ => (404, none, json!({"message": "Not Found"})),
                }
            }
        }
    }
}
