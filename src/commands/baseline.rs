//! `gotrace-diff baseline ...`: the committed baseline.

use std::path::{Path, PathBuf};

use super::{DONE, inputs, output};
use crate::baseline;
use crate::cli::{BaselineCreateArgs, Color, Format};
use crate::config;
use crate::error::Error;
use crate::paths::Repository;
use crate::report::escape::term;
use crate::summarize::Options;

/// Makes a baseline from runs. Partial ones are refused.
pub(super) fn create(args: &BaselineCreateArgs) -> Result<u8, Error> {
    let here = super::working_folder()?;
    let config = config::resolve(args.config.as_deref(), &here)?;
    let input = inputs::read(&[&args.traces], &args.test_json, &Options::default(), &args.narrow.narrow()?)?
        .pop()
        .unwrap_or_default();
    let warnings = input.warnings.clone();
    let side = input.into_side(args.benchtime.or(config.rounds));
    let runs = side.runs().count();
    let text = baseline::write(&side, &Repository::around(&here))?;
    let path = args.output.clone().or(config.baseline).unwrap_or_else(|| default_path(&here));
    if path == Path::new("-") {
        output::print(&text, Color::Never)?;
        return Ok(DONE);
    }
    output::write_file(&path, &text)?;
    let said = match args.format {
        Format::Json => format!(
            "{}\n",
            serde_json::json!({"schema": "gotrace-diff/baseline-create/1", "file": path.display().to_string(), "runs": runs, "warnings": warnings, "exit_code": DONE})
        ),
        Format::Text => {
            let mut said = String::new();
            for warning in warnings {
                said.push_str(&format!("Warning: {}\n", term(&warning)));
            }
            said + &format!(
                "{}: the baseline of {runs} run{}\n",
                term(&path.display().to_string()),
                if runs == 1 { "" } else { "s" }
            )
        }
    };
    output::print(&said, Color::Never)?;
    Ok(DONE)
}

/// Beside the nearest go.mod, else here.
pub(super) fn default_path(here: &Path) -> PathBuf {
    let folder = super::nearest(here, "go.mod").and_then(|f| f.parent().map(Path::to_path_buf));
    folder.unwrap_or_else(|| here.to_path_buf()).join(baseline::FILE_NAME)
}
