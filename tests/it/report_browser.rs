//! The page, opened and used: in both colour schemes, at the width of a phone, with keys and without.

use std::path::{Path, PathBuf};

use gotrace_diff::report::format::Format;
use gotrace_diff::report::model::Report;

use crate::browser::Browser;
use crate::{machine, report_cases, report_hostile};

fn browser() -> Option<Browser> {
    let found = Browser::start();
    if found.is_none() {
        machine::left_out("Chromium and chromedriver", "the tests of the page");
    }
    found
}

/// Pictures stay there to be looked at.
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(name: &str, report: &Report) -> PathBuf {
    let file = pictures().join(format!("{name}.html"));
    std::fs::write(&file, report_cases::render(Format::Html, report)).unwrap();
    file
}

fn regression() -> Report {
    report_cases::all().into_iter().find(|(name, _)| *name == "regression").unwrap().1
}

/// As many series as a large repository has.
pub(crate) fn large(series: usize) -> Report {
    let mut report = regression();
    let first = report.series[0].clone();
    report.series = (0..series)
        .map(|i| {
            let mut one = first.clone();
            one.subject = i % report.subjects.len();
            one.metric = format!("{i:05}.block_ns").into();
            one.what = format!("figure {i}").into();
            one.base = Some((i * 7919 % 10_007) as f64);
            one
        })
        .collect();
    report
}

/// Contrast as WCAG 2.2 defines it, of all text against what is behind it; the worst, with its element.
const CONTRAST: &str = "
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => { const f = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  let worst = [21, ''];
  for (const e of document.querySelectorAll('h1,h2,h3,p,td,th button,li,summary,label,.badge,.soft,figcaption,pre,span')) {
    if (!e.offsetParent || !e.textContent.trim() || e.disabled) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 120)];
  }
  return worst;";

#[test]
fn pages_are_readable_in_both_schemes_and_on_a_phone() {
    let Some(browser) = browser() else { return };
    for (name, report) in [("regression", regression()), ("hostile", report_hostile::report())] {
        let file = write(name, &report);
        let mut papers = Vec::new();
        for (scheme, width) in [("light", 1200), ("dark", 1200), ("light", 400), ("dark", 400)] {
            browser.open(&file, width, scheme);
            browser.picture(&pictures().join(format!("{name}-{scheme}-{width}.png")));
            let wide =
                browser.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]");
            assert!(wide[0].as_f64() <= wide[1].as_f64(), "{name} at {width}: wider than its window: {wide}");
            let worst = browser.run(CONTRAST);
            assert!(worst[0].as_f64().unwrap() >= 4.5, "{name}, {scheme}: contrast {worst}");
            papers.push(browser.text("return getComputedStyle(document.body).backgroundColor"));
            let complaints = browser.complaints();
            assert!(complaints.is_empty(), "{name}: {complaints:?}");
        }
        assert!(papers[0] != papers[1] && papers[0] == papers[2] && papers[1] == papers[3], "{papers:?}");
    }
}

#[test]
fn nothing_that_a_name_says_is_run_or_fetched() {
    let Some(browser) = browser() else { return };
    let file = write("hostile", &report_hostile::report());
    browser.open(&file, 1200, "light");
    // A picture by a name would be the first request, a script the second.
    let fetched = browser.run("return performance.getEntriesByType('resource').map((e) => e.name)");
    assert_eq!(fetched, serde_json::json!([]));
    let made = browser.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'})); return window.ran || 0");
    assert_eq!(made, 0, "the policy lets scripts run that are not ours");
    assert!(browser.complaints().iter().any(|c| c.contains("Content Security Policy")), "the policy says nothing");
}

#[test]
fn tables_search_and_sort_with_ten_thousand_series() {
    let Some(browser) = browser() else { return };
    let file = write("large", &large(10_000));
    browser.open(&file, 1200, "light");
    let rows = "return document.querySelectorAll('#series tbody tr').length";
    let status = "return document.getElementById('shown').textContent";
    assert_eq!(browser.run(rows), 100);
    assert!(browser.text(status).starts_with("1 to 100 of 10"), "{}", browser.text(status));
    browser.click("#on");
    assert!(browser.text(status).starts_with("101 to 200 of"));
    browser.fill("#search", "figure 4711");
    assert_eq!(browser.text(status), "1 to 1 of 1 series");
    assert!(browser.text("return document.querySelector('#series tbody').textContent").contains("figure 4711"));
    let took = browser.run("const s = document.getElementById('search'); const t = performance.now(); s.value = 'figure'; s.dispatchEvent(new Event('input')); return performance.now() - t");
    assert!(took.as_f64().unwrap() < 1000.0, "a search takes {took} ms");
    browser.click("#series th:nth-child(4) button");
    assert_eq!(
        browser.text("return document.querySelector('#series th:nth-child(4)').getAttribute('aria-sort')"),
        "descending"
    );
    let first = "return document.querySelector('#series tbody td:nth-child(4)').textContent";
    let most = browser.text(first);
    browser.click("#series th:nth-child(4) button");
    assert_ne!(browser.text(first), most);
    assert!(browser.complaints().is_empty());
}

#[test]
fn waits_are_looked_into_by_click_and_by_key() {
    let Some(browser) = browser() else { return };
    browser.open(&write("regression", &regression()), 1000, "light");
    let told = "return document.getElementById('flame-told').textContent";
    assert!(browser.text(told).starts_with("all waits"));
    browser.click("#flame rect[aria-label^='cart.Fill']");
    assert!(browser.text(told).starts_with("cart.Fill.func1"), "{}", browser.text(told));
    // The box that was clicked has the focus: down is its first part, Enter looks into it, Escape goes back.
    browser.run("document.querySelector(\"#flame rect[aria-label^='cart.Fill']\").focus()");
    browser.key("\u{e015}");
    assert!(browser.text(told).starts_with("db.(*Pool).Get"), "{}", browser.text(told));
    browser.key("\u{e007}");
    browser.key("\u{e00c}");
    assert!(browser.text(told).starts_with("all waits"));
    assert!(browser.complaints().is_empty());
}

#[test]
fn the_timeline_obeys_the_keys_of_trace_viewers() {
    let Some(browser) = browser() else { return };
    browser.open(&write("regression", &regression()), 1000, "light");
    let told = "return document.getElementById('timeline-told').textContent";
    let picture = |side: &str| browser.text(&format!("return document.getElementById('timeline-{side}').toDataURL()"));
    browser.click_at("#timeline-head", 300, 45, false);
    let one = browser.text(told);
    assert!(
        one.starts_with("head: goroutine 4")
            && one.contains("started in cart.Fill.func1")
            && one.contains("db/pool.go:31"),
        "{one}"
    );
    browser.click_at("#timeline-head", 500, 63, true);
    assert!(browser.text(told).starts_with("2 spans, 3.4"), "{}", browser.text(told));
    let before = picture("base");
    for key in ["w", "d", "a", "s", "m", "f"] {
        let then = (picture("base"), picture("head"));
        browser.key(key);
        let now = (picture("base"), picture("head"));
        assert!(then.0 != now.0 && then.1 != now.1, "{key} changes only one side, or none");
    }
    browser.key("\u{e00c}");
    assert_eq!(browser.text(told), "Nothing is selected.");
    assert_eq!(picture("base"), before);
    assert!(browser.complaints().is_empty());
}

#[test]
fn the_accessibility_tree_is_sound() {
    let Some(browser) = browser() else { return };
    browser.open(&write("regression", &regression()), 1000, "light");
    let tree = browser.devtools("Accessibility.getFullAXTree", serde_json::json!({}));
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    let mut level = 0;
    for node in tree["nodes"].as_array().unwrap().iter().filter(|n| n["ignored"] == false) {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        let name = node["name"]["value"].as_str().unwrap_or_default();
        *seen.entry(role.to_owned()).or_default() += 1;
        if matches!(
            role,
            "button"
                | "link"
                | "searchbox"
                | "combobox"
                | "image"
                | "img"
                | "region"
                | "navigation"
                | "heading"
                | "DisclosureTriangle"
        ) {
            assert!(!name.trim().is_empty(), "a {role} without a name: {node}");
        }
        if role == "heading" {
            let this =
                node["properties"].as_array().unwrap().iter().find(|p| p["name"] == "level").unwrap()["value"]["value"]
                    .as_u64()
                    .unwrap();
            assert!(this <= level + 1, "a heading of level {this} below one of level {level}: {name}");
            level = this;
        }
    }
    for role in ["banner", "main", "navigation", "heading", "table", "columnheader", "searchbox", "combobox", "button"]
    {
        assert!(seen.contains_key(role), "no {role}: {seen:?}");
    }
}
