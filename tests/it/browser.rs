//! Chromium without a window, driven over WebDriver on the loopback.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A browser with one page. It ends with this value.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    /// What the browser writes beside its pages; gone with this value.
    _temporary: tempfile::TempDir,
}

impl Browser {
    /// Starts it, if this machine has chromedriver and Chromium.
    pub(crate) fn start() -> Option<Browser> {
        // On a busy machine several that start at once can each take too long for their driver, or the driver does.
        (0..3).find_map(|_| Browser::start_once())
    }

    fn start_once() -> Option<Browser> {
        let temporary = tempfile::tempdir().ok()?;
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let lines = BufReader::new(driver.stdout.take()?).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let mut browser =
            Browser { driver, session: format!("http://127.0.0.1:{}/session", port?), _temporary: temporary };
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            // No sandbox: the tests may run as root in a container, and the page is our own.
            "goog:chromeOptions": {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]},
        }}});
        let session = browser.ask("", &wanted);
        let id = session["sessionId"].as_str()?;
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let value = self.ask(path, body);
        assert!(value["error"].is_null(), "{path}: {value}");
        value
    }

    /// What the driver answers, an error too.
    fn ask(&self, path: &str, body: &Value) -> Value {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.post(format!("{}{path}", self.session)).send_json(body).unwrap();
        let mut value: Value = answer.body_mut().with_config().limit(64 << 20).read_json().unwrap();
        value["value"].take()
    }

    /// A command of the DevTools protocol.
    pub(crate) fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// Opens a file in a window of this width, in this colour scheme.
    pub(crate) fn open(&self, file: &Path, width: u32, scheme: &str) {
        self.visit(&format!("file://{}", file.display()), width, scheme);
    }

    /// Opens a page in a window of this width, in this colour scheme.
    pub(crate) fn visit(&self, url: &str, width: u32, scheme: &str) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}),
        );
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        );
        self.post("/url", &json!({"url": url}));
    }

    /// What a piece of script gives back.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// What a piece of script gives back, as text.
    pub(crate) fn text(&self, script: &str) -> String {
        self.run(script).as_str().unwrap_or_default().to_owned()
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    /// Clicks an element.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.run(&format!(
            "document.querySelector({selector:?}).scrollIntoView({{block: 'center', behavior: 'instant'}})"
        ));
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into an element.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Presses a key where the focus is.
    pub(crate) fn key(&self, key: &str) {
        let keys = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        self.post("/actions", &json!({"actions": [{"type": "key", "id": "keys", "actions": keys}]}));
    }

    /// Clicks so far from the left upper corner of an element, with shift or without.
    pub(crate) fn click_at(&self, selector: &str, x: i64, y: i64, shift: bool) {
        let element = self.element(selector);
        self.run(&format!(
            "document.querySelector({selector:?}).scrollIntoView({{block: 'center', behavior: 'instant'}})"
        ));
        // Offsets of the protocol begin in the middle.
        let size = self.run(&format!(
            "const r = document.querySelector({selector:?}).getBoundingClientRect(); return [r.width, r.height]"
        ));
        let (dx, dy) = (x - (size[0].as_f64().unwrap() / 2.0) as i64, y - (size[1].as_f64().unwrap() / 2.0) as i64);
        let origin = json!({"element-6066-11e4-a52e-4f735466cecf": element});
        let press =
            |kind: &str| if shift { json!({"type": kind, "value": "\u{e008}"}) } else { json!({"type": "pause"}) };
        self.post(
            "/actions",
            &json!({"actions": [
                {"type": "key", "id": "keys", "actions": [press("keyDown"), {"type": "pause"}, {"type": "pause"}, {"type": "pause"}, press("keyUp")]},
                {"type": "pointer", "id": "mouse", "actions": [
                    {"type": "pause"},
                    {"type": "pointerMove", "duration": 0, "origin": origin, "x": dx, "y": dy},
                    {"type": "pointerDown", "button": 0},
                    {"type": "pointerUp", "button": 0},
                    {"type": "pause"},
                ]},
            ]}),
        );
    }

    /// What the console said: errors, and what the content security policy refused.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({"type": "browser"}));
        log.as_array().unwrap().iter().map(|entry| entry["message"].to_string()).collect()
    }

    /// A picture of the whole page.
    pub(crate) fn picture(&self, file: &Path) {
        let size = self.run(
            "return [document.documentElement.clientWidth, Math.min(document.documentElement.scrollHeight, 12000)]",
        );
        let shot = self.devtools(
            "Page.captureScreenshot",
            json!({"captureBeyondViewport": true, "clip": {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}}),
        );
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let _ = agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
