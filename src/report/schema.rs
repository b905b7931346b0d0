//! The JSON schema of reports, as `gotrace-diff schema` prints it and `docs/report.schema.json` holds it.

use schemars::Schema;

use super::model::Report;

/// The schema of the version that is written.
pub fn report() -> Schema {
    let mut schema = schemars::schema_for!(Report);
    schema.insert("$id".to_owned(), format!("urn:{}", super::model::SCHEMA.replace('/', ":")).into());
    schema.insert("title".to_owned(), "A report of gotrace-diff".into());
    schema
}
