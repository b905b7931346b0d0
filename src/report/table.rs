//! Tables for reports: figures stay whole, names give way.

use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::terminal::{fold, shorten};

/// A table: the first column holds names and gets what width is left, the others hold figures. Each row may have lines
/// below it.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    rows: Vec<(Vec<String>, Vec<String>)>,
}

impl Rows {
    /// Adds a row, escaped already, with the lines below it.
    pub fn push(&mut self, cells: Vec<String>, below: Vec<String>) {
        self.rows.push((cells, below));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table below `header`, at most `top` rows of it (0: all), for so many columns of a terminal.
    pub fn render(&self, header: &[&str], top: usize, width: usize) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let shown = &self.rows[..if top == 0 { self.rows.len() } else { top.min(self.rows.len()) }];
        let widest = |column: usize| {
            let cells = shown.iter().filter_map(|(cells, _)| cells.get(column)).map(|c| c.chars().count());
            cells.chain(header.get(column).map(|h| h.chars().count())).max().unwrap_or(0)
        };
        let figures: usize = (1..header.len()).map(|i| widest(i) + 2).sum();
        let name = width.saturating_sub(figures + 4).max(16);
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(header);
        for (cells, _) in shown {
            let mut cells = cells.clone();
            if let Some(first) = cells.first_mut() {
                // The rows below the title stand in by two.
                *first = format!("  {}", shorten(first, name.saturating_sub(2)));
            }
            table.add_row(cells);
        }
        for (i, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            column.set_cell_alignment(if i == 0 { CellAlignment::Left } else { CellAlignment::Right });
        }
        let mut out = String::new();
        let lines: Vec<String> = table.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            out.push_str(line.trim_end());
            out.push('\n');
            let below = i.checked_sub(1).and_then(|row| shown.get(row)).map(|(_, below)| below.as_slice());
            for line in below.unwrap_or_default() {
                out.push_str(&fold(&format!("      {line}"), width, 0, "        "));
                out.push('\n');
            }
        }
        if shown.len() < self.rows.len() {
            out.push_str(&format!("  and {} more (--top 0)\n", self.rows.len() - shown.len()));
        }
        out
    }
}
