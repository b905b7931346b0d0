//! Names that speak to whoever prints them: through every format, and looked at as its reader sees it.

use gotrace_diff::report::escape::Text;
use gotrace_diff::report::format::Format;
use gotrace_diff::report::model::Report;
use gotrace_diff::report::read;
use gotrace_diff::summary::Summary;
use pulldown_cmark::{Event, Tag};
use scraper::{Html, Selector};
use serde_json::Value;

use crate::compare_make::{group, region};
pub(crate) use crate::escapers::NAMES;
use crate::report_cases::{self, FILL, shop, told};

/// A report in which every kind of subject, and the files, have such names.
pub(crate) fn report() -> Report {
    with(&NAMES)
}

/// The same with fewer of them.
pub(crate) fn with(names: &[&str]) -> Report {
    let side = |factor: u64| -> Vec<Summary> {
        (0..6)
            .map(|i| {
                let mut summary = shop(i, 10.0 * factor as f64, 300.0, FILL);
                for (n, name) in names.iter().enumerate() {
                    let mut named = group(20 * factor, 40_000);
                    named.start =
                        Some(gotrace_diff::summary::Position { file: format!("example.com/shop/{name}.go"), line: 3 });
                    named.creators.insert((*name).to_owned(), 1);
                    summary.goroutines.insert(format!("example.com/shop.{name}"), named);
                    summary.regions.insert((*name).to_owned(), region(10 * factor, 50_000 + n as i64));
                    summary.logs.insert((*name).to_owned(), 20 * factor);
                }
                summary.source = format!("{}{i}.out", NAMES[12]);
                summary.warnings.push(gotrace_diff::summary::Warning {
                    kind: "region-misnested".to_owned(),
                    count: 1,
                    message: NAMES.join(" "),
                });
                summary
            })
            .collect()
    };
    report_cases::with_pictures(told(&side(1), &side(2)))
}

/// A document that nobody's gotrace-diff wrote: every text in it is hostile.
fn forged() -> Report {
    const WORDS: [&str; 7] = ["schema", "verdict", "unit", "presence", "section", "kind", "level"];
    fn forge(value: &mut Value, n: &mut usize) {
        match value {
            Value::String(text) => {
                // Places keep their form, so that they go where places go.
                let line = text.rsplit_once(':').filter(|(_, l)| l.parse::<u32>().is_ok()).map(|(_, l)| l.to_owned());
                let name = NAMES[*n % NAMES.len()];
                *text = line.map_or(name.to_owned(), |line| format!("{name}:{line}"));
                *n += 1;
            }
            Value::Array(all) => all.iter_mut().for_each(|v| forge(v, n)),
            Value::Object(all) => {
                for (key, value) in all.iter_mut() {
                    let kept = WORDS.contains(&key.as_str()) && value.is_string();
                    // A kind of evidence is text like any other.
                    if !kept {
                        forge(value, n);
                    }
                }
            }
            _ => {}
        }
    }
    let mut value: Value = serde_json::from_str(&report_cases::render(Format::Json, &report())).unwrap();
    forge(&mut value, &mut 0);
    read::read(&value.to_string()).unwrap()
}

fn both() -> [(&'static str, Report); 2] {
    [("names", report()), ("a forged document", forged())]
}

/// What no text for people may hold, whatever shows it.
fn harmful(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' | '\u{ad}' | '\u{fffe}' | '\u{ffff}')
}

#[test]
fn no_format_for_people_holds_what_a_terminal_obeys() {
    for (what, report) in both() {
        for format in [
            Format::Text,
            Format::Markdown,
            Format::Summary,
            Format::Html,
            Format::Junit,
            Format::Annotations,
            Format::Openmetrics,
            Format::Benchfmt,
        ] {
            let text = report_cases::render(format, &report);
            if let Some(c) = text.chars().find(|c| harmful(*c)) {
                panic!("{what} as {} holds U+{:04X}", format.name(), u32::from(c));
            }
        }
    }
}

#[test]
fn text_and_annotations_hold_no_commands_but_ours() {
    for (what, report) in both() {
        for line in report_cases::render(Format::Annotations, &report).lines() {
            let kind = line.strip_prefix("::").and_then(|l| l.split_once(' ')).map(|(kind, _)| kind);
            assert!(matches!(kind, Some("notice" | "warning" | "error")), "{what}: {line}");
            let (properties, message) = line.split_once(' ').unwrap().1.split_once("::").unwrap();
            for property in properties.split(',') {
                let name = property.split('=').next().unwrap();
                assert!(matches!(name, "file" | "line" | "title"), "{what}: {line}");
            }
            assert!(!line.contains("##[") && !message.contains("%0D"), "{what}: {line}");
            if let Some(file) = properties.split(',').find_map(|p| p.strip_prefix("file=")) {
                assert!(!file.starts_with('/') && !file.contains(".."), "{what}: {line}");
            }
        }
        assert!(report_cases::render(Format::Annotations, &report).lines().count() <= 11);
    }
    // The text is read from the log too.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("r.json"), report_cases::render(Format::Json, &forged())).unwrap();
    let got = std::process::Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
        .current_dir(folder.path())
        .args(["report", "r.json", "--all"])
        .env("GITHUB_ACTIONS", "true")
        .output()
        .unwrap();
    let text = String::from_utf8(got.stdout).unwrap();
    assert!(text.lines().count() > 100 && !text.contains("##[") && !text.contains("##vso["));
    let command = text.lines().find(|l| l.trim_start().starts_with("::"));
    assert_eq!(command, None);
}

#[test]
fn markdown_shows_names_as_code_and_nothing_else() {
    let ours = ["<code>", "</code>", "</details>", "</summary>", "<summary>"];
    for (what, report) in both() {
        for format in [Format::Markdown, Format::Summary] {
            let text = report_cases::render(format, &report);
            let options = pulldown_cmark::Options::all().difference(pulldown_cmark::Options::ENABLE_SMART_PUNCTUATION);
            let (mut code, mut block, mut open) = (false, false, 0);
            for event in pulldown_cmark::Parser::new_ext(&text, options) {
                match event {
                    Event::Start(
                        Tag::Link { .. } | Tag::Image { .. } | Tag::BlockQuote(_) | Tag::FootnoteDefinition(_),
                    )
                    | Event::TaskListMarker(_)
                    | Event::FootnoteReference(_)
                    | Event::InlineMath(_)
                    | Event::DisplayMath(_)
                    | Event::Rule => {
                        panic!("{what} as {}: {event:?}", format.name())
                    }
                    Event::InlineHtml(tag) => {
                        assert!(ours.contains(&&*tag), "{what}: {tag}");
                        code = if &*tag == "<code>" {
                            true
                        } else if &*tag == "</code>" {
                            false
                        } else {
                            code
                        };
                    }
                    Event::Html(html) => {
                        let html = html.trim();
                        let known = html == "</details>"
                            || html.starts_with("<details><summary>") && html.ends_with("</summary>");
                        assert!(known && html.matches('<').count() <= 3, "{what}: {html}");
                        open += if html == "</details>" { -1 } else { 1 };
                    }
                    Event::Start(Tag::CodeBlock(_)) => block = true,
                    Event::End(pulldown_cmark::TagEnd::CodeBlock) => block = false,
                    Event::Text(text) if !code && !block => {
                        for mark in ["@", "#1", "#5", "GH-", "://", "www.", "deadbeef", "alert("] {
                            assert!(!text.contains(mark), "{what} as {}: {mark} in text: {text}", format.name());
                        }
                    }
                    _ => {}
                }
            }
            assert_eq!(open, 0, "{what}: <details> that stay open");
        }
    }
}

#[test]
fn a_comment_has_room_whatever_the_names() {
    let (_, report) = &both()[1];
    let mut long = report.clone();
    let name = Text::from(NAMES.join("").repeat(40));
    for finding in &mut long.findings {
        finding.subject.label = name.clone();
        finding.cause = name.clone();
        finding.evidence.text = name.clone();
    }
    long.headline = name.clone();
    long.warnings = vec![name; 5000];
    long.findings = long.findings.iter().cycle().take(3000).cloned().collect();
    for (format, most) in [(Format::Markdown, 60_000), (Format::Summary, 900 << 10)] {
        let text = report_cases::render(format, &long);
        assert!(text.len() <= most, "{} bytes", text.len());
        assert!(text.contains("left out for want of room"));
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        for row in text.lines().filter(|l| l.starts_with("| ")) {
            assert!(row.ends_with(" |"), "a row that is cut: {row}");
        }
    }
}

#[test]
fn pages_hold_text_and_no_markup_of_names() {
    for (what, report) in both() {
        let text = report_cases::render(Format::Html, &report);
        let page = Html::parse_document(&text);
        let select = |s: &str| page.select(&Selector::parse(s).unwrap()).collect::<Vec<_>>();
        assert_eq!(select("script").len(), 2, "{what}");
        assert_eq!(select("style").len(), 1, "{what}");
        for tag in
            ["img", "iframe", "object", "embed", "form", "link", "base", "audio", "video", "foreignObject", "marquee"]
        {
            assert!(select(tag).is_empty(), "{what}: <{tag}>");
        }
        for element in select("*") {
            for (name, value) in element.value().attrs() {
                assert!(
                    !name.starts_with("on") && name != "style" && name != "src" && name != "srcdoc",
                    "{what}: {name}={value}"
                );
                assert!(name != "href" || value.starts_with('#'), "{what}: {value}");
            }
        }
        let data = select("script#data")[0].text().collect::<String>();
        assert!(serde_json::from_str::<Value>(&data).is_ok(), "{what}");
        assert!(select("#worse .finding").len() >= 20, "{what}");
    }
    // Names are there, as text.
    let text = report_cases::render(Format::Html, &report());
    let words: String = Html::parse_document(&text).root_element().text().collect();
    for name in NAMES {
        let seen = Text::from(name).term();
        assert!(words.contains(&seen), "{seen}");
    }
}

#[test]
fn formats_for_programs_hold_names_as_data() {
    for (what, report) in both() {
        for format in [Format::Json, Format::Sarif, Format::Codequality] {
            serde_json::from_str::<Value>(&report_cases::render(format, &report))
                .unwrap_or_else(|e| panic!("{what}: {e}"));
        }
        let sarif: Value = serde_json::from_str(&report_cases::render(Format::Sarif, &report)).unwrap();
        let mut said = 0;
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            let stacks = result["stacks"].as_array().into_iter().flatten();
            for message in stacks.map(|stack| &stack["message"]).chain([&result["message"]]) {
                let text = message["text"].as_str().unwrap();
                assert!(!text.contains("]("), "{what}: a link: {text}");
                assert!(
                    !text.replace("{{", "").replace("}}", "").contains(['{', '}']),
                    "{what}: a placeholder: {text}"
                );
                said += 1;
            }
        }
        assert!(said > 0, "{what}");
        let xml = report_cases::render(Format::Junit, &report);
        let mut reader = quick_xml::Reader::from_str(&xml);
        let mut depth = 0;
        loop {
            use quick_xml::events::Event;
            match reader.read_event().unwrap_or_else(|e| panic!("{what}: {e}")) {
                Event::Eof => break,
                Event::Start(e) => {
                    depth += 1;
                    let name = e.name().as_ref().to_owned();
                    assert!(
                        ["testsuites", "testsuite", "properties", "testcase", "failure", "error", "skipped"]
                            .contains(&&*name),
                        "{what}: <{name}>"
                    );
                }
                Event::End(_) => depth -= 1,
                Event::CData(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {
                    panic!("{what}: markup of a name")
                }
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        let text = report_cases::render(Format::Csv, &report);
        assert_eq!(csv::Reader::from_reader(text.as_bytes()).records().count(), report.rows().count(), "{what}");
        for record in csv::Reader::from_reader(text.as_bytes()).records() {
            for (i, cell) in record.unwrap().iter().enumerate() {
                let number = cell.parse::<f64>().is_ok() || cell.split(' ').all(|n| n.parse::<f64>().is_ok());
                assert!(
                    number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '|', '%']),
                    "{what}: cell {i}: {cell}"
                );
            }
        }
        let metrics = report_cases::render(Format::Openmetrics, &report);
        assert_eq!(metrics.matches("# EOF").count() - metrics.matches("\\\\u{a}# EOF").count(), 1, "{what}");
        assert!(metrics.lines().all(|l| l.starts_with("# ") || l.starts_with("gotrace_diff")), "{what}");
        let bench = report_cases::render(Format::Benchfmt, &report);
        for line in bench.lines() {
            let known = [
                "tool: ",
                "verdict: ",
                "headline:",
                "regression: ",
                "inconclusive: ",
                "improvement: ",
                "accepted: ",
                "note: ",
                "pkg:",
                "side: ",
                "Benchmark",
            ];
            assert!(known.iter().any(|k| line.starts_with(k)), "{what}: {line}");
        }
    }
}
