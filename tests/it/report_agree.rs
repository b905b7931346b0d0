//! All formats say the same: the headline, how many findings of each kind, and in which order.

use gotrace_diff::report::escape::Text;
use gotrace_diff::report::format::Format;
use gotrace_diff::report::model::{Meaning, Report};
use pulldown_cmark::{Event, Tag, TagEnd};
use scraper::{Html, Selector};
use serde_json::Value;

use crate::report_cases;

/// What a format says.
#[derive(Debug, Default, PartialEq)]
struct Said {
    headline: Option<String>,
    counts: Option<Vec<usize>>,
    /// Labels of what is worse, in order.
    worse: Option<Vec<String>>,
}

fn options() -> pulldown_cmark::Options {
    pulldown_cmark::Options::ENABLE_TABLES
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn markdown(text: &str) -> Said {
    let (mut headline, mut first) = (String::new(), true);
    let (mut worse, mut cells, mut cell) = (Vec::new(), Vec::new(), None::<String>);
    for event in pulldown_cmark::Parser::new_ext(text, options()) {
        match event {
            Event::End(TagEnd::Paragraph) => first = false,
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::End(TagEnd::TableCell) => cells.extend(cell.take()),
            Event::End(TagEnd::TableRow) => {
                if matches!(cells.first().map(String::as_str), Some("regression" | "unproven")) {
                    worse.push(squeeze(&cells[1]));
                }
                cells.clear();
            }
            Event::End(TagEnd::TableHead) => cells.clear(),
            Event::Text(t) | Event::Code(t) => {
                if first {
                    headline.push_str(&t);
                }
                if let Some(cell) = &mut cell {
                    cell.push_str(&t);
                }
            }
            Event::SoftBreak if first => headline.push(' '),
            _ => {}
        }
    }
    Said { headline: Some(squeeze(&headline)), counts: None, worse: Some(worse) }
}

fn html(text: &str) -> Said {
    let page = Html::parse_document(text);
    let all = |selector: &str| -> Vec<String> {
        page.select(&Selector::parse(selector).unwrap()).map(|e| e.text().collect::<String>()).collect()
    };
    let counts = all("#counts .badge");
    let count = |word: &str| {
        let of = counts.iter().find(|c| c.split(' ').nth(1).is_some_and(|w| w.starts_with(word)));
        of.map_or(0, |c| c.split(' ').next().unwrap().parse().unwrap())
    };
    Said {
        headline: all("#headline").first().map(|h| squeeze(h)),
        counts: Some(["regression", "inconclusive", "improvement", "accepted", "note"].map(count).to_vec()),
        worse: Some(all("#worse .finding h3 .code").iter().map(|l| squeeze(l)).collect()),
    }
}

fn said(format: Format, text: &str, worse: &[String]) -> Said {
    let value = || serde_json::from_str::<Value>(text).unwrap();
    let string = |v: &Value| Some(squeeze(v.as_str().unwrap()));
    let names = ["regressions", "inconclusive", "improvements", "accepted", "notes"];
    let counts = |v: &Value| Some(names.map(|n| v[n].as_u64().unwrap() as usize).to_vec());
    let after = |start: &str| text.lines().find_map(|l| l.strip_prefix(start)).map(squeeze);
    // Sentences begin with the label.
    let labels = |sentences: Vec<String>| -> Vec<String> {
        let found = sentences.iter().map(|s| worse.iter().find(|w| squeeze(s).starts_with(&format!("{w}:"))));
        found.map(|f| f.cloned().unwrap_or_else(|| "another".to_owned())).collect()
    };
    match format {
        Format::Text => {
            let headline: Vec<&str> = text.lines().take_while(|l| !l.is_empty()).collect();
            let titles = text.lines().filter(|l| !l.starts_with(' ')).skip(1);
            let worse = titles
                .filter_map(|l| {
                    ["regression: ", "inconclusive: "]
                        .iter()
                        .find_map(|w| l.split_once(w))
                        .map(|(_, label)| squeeze(label))
                })
                .collect();
            Said { headline: Some(squeeze(&headline.join(" "))), counts: None, worse: Some(worse) }
        }
        Format::Json => {
            let v = value();
            let worse =
                v["findings"].as_array().unwrap().iter().filter(|f| {
                    f["part_of"].is_null() && (f["verdict"] == "regression" || f["verdict"] == "inconclusive")
                });
            let worse = worse.map(|f| squeeze(&Text::from(f["subject"]["label"].as_str().unwrap()).term())).collect();
            let headline = Text::from(v["headline"].as_str().unwrap()).term();
            Said { headline: Some(squeeze(&headline)), counts: counts(&v["counts"]), worse: Some(worse) }
        }
        Format::Markdown | Format::Summary => markdown(text),
        Format::Html => html(text),
        Format::Junit => {
            let (mut properties, mut reader) = (Vec::new(), quick_xml::Reader::from_str(text));
            loop {
                match reader.read_event().unwrap() {
                    quick_xml::events::Event::Eof => break,
                    quick_xml::events::Event::Empty(e) if e.name().as_ref() == "property" => {
                        let value = e.try_get_attribute("value").unwrap().unwrap();
                        let value = quick_xml::escape::unescape(&value.value).unwrap().into_owned();
                        properties.push(value);
                    }
                    _ => {}
                }
            }
            let counts = properties[2..].iter().map(|p| p.parse().unwrap()).collect();
            Said { headline: Some(squeeze(&properties[1])), counts: Some(counts), worse: None }
        }
        Format::Sarif => {
            let v = value();
            let run = &v["runs"][0];
            let results = run["results"].as_array().unwrap().iter().filter(|r| r["level"] != "note");
            let sentences = results
                .map(|r| Text::from(r["message"]["text"].as_str().unwrap().lines().next().unwrap()).term())
                .collect();
            Said {
                headline: string(&run["properties"]["headline"]),
                counts: counts(&run["properties"]["counts"]),
                worse: Some(labels(sentences)),
            }
        }
        Format::Annotations => {
            let first = |l: &str| l[2..].split_once("::").unwrap().1.split("%0A").next().unwrap().replace("%25", "%");
            let messages: Vec<String> = text.lines().map(first).collect();
            let told = messages[1..].iter().filter(|m| !m.starts_with("and ")).cloned().collect();
            Said { headline: Some(squeeze(&messages[0])), counts: None, worse: Some(labels(told)) }
        }
        Format::Codequality => {
            let told =
                value().as_array().unwrap().iter().map(|i| i["description"].as_str().unwrap().to_owned()).collect();
            Said { worse: Some(labels(told)), ..Said::default() }
        }
        Format::Openmetrics => {
            let counts = text
                .lines()
                .filter_map(|l| l.strip_prefix("gotrace_diff_findings{"))
                .map(|l| l.rsplit(' ').next().unwrap().parse().unwrap())
                .collect();
            let info = after("gotrace_diff_info{").unwrap();
            let headline = info
                .split_once("headline=\"")
                .unwrap()
                .1
                .strip_suffix("\"} 1")
                .unwrap()
                .replace("\\\"", "\"")
                .replace("\\\\", "\\");
            Said { headline: Some(headline), counts: Some(counts), worse: None }
        }
        Format::Csv => {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            let mut ranks: Vec<usize> = rows.iter().filter_map(|r| r[0].parse().ok()).collect();
            assert!(ranks.is_sorted());
            ranks.dedup();
            let led = rows.iter().filter(|r| r[21].is_empty() && !r[0].is_empty());
            let counts = ["regression", "inconclusive", "improvement", "accepted", "note"]
                .map(|w| led.clone().filter(|r| &r[1] == w).count());
            Said { headline: None, counts: Some(counts.to_vec()), worse: None }
        }
        Format::Benchfmt => {
            let counts = ["regression", "inconclusive", "improvement", "accepted", "note"]
                .map(|n| after(&format!("{n}: ")).unwrap().parse().unwrap());
            Said { headline: after("headline: "), counts: Some(counts.to_vec()), worse: None }
        }
    }
}

fn expected(report: &Report) -> (String, Vec<usize>, Vec<String>) {
    let worse = report.leads().filter(|f| matches!(f.verdict, Meaning::Regression | Meaning::Inconclusive));
    (
        squeeze(&report.headline.term()),
        report.counts.named().map(|(_, n)| n).to_vec(),
        worse.map(|f| squeeze(&f.subject.label.term())).collect(),
    )
}

#[test]
fn headline_counts_and_order_are_the_same_in_all_formats() {
    for (name, report) in report_cases::all() {
        let (headline, counts, worse) = expected(&report);
        for format in Format::ALL {
            // So wide that no label is shortened.
            let text = report_cases::render_within(format, &report, 400);
            let got = said(format, &text, &worse);
            if let Some(got) = got.headline {
                // Long headlines are cut in a comment, and only there.
                assert_eq!(got, headline, "{name} as {}", format.name());
            }
            if let Some(got) = got.counts {
                assert_eq!(got, counts, "{name} as {}", format.name());
            }
            // Where nothing was compared, one row or issue says so.
            if let Some(got) = got.worse.filter(|_| !report.compared_nothing()) {
                let most = match format {
                    Format::Annotations => 9,
                    Format::Html => 30,
                    _ => usize::MAX,
                };
                assert_eq!(got, worse.iter().take(most).cloned().collect::<Vec<_>>(), "{name} as {}", format.name());
            }
        }
    }
}
