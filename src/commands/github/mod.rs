//! `gotrace-diff github STEP`: what the steps of action.yml do. Not for people to type: all input is the environment.
//!
//! ```text
//!   action.yml      install ──▶ base ──▶ gate ──▶ summary ──▶ comment ──▶ enforce
//!   who does it     a script    git      itself   one file    curl        a script: only here the job can fail
//!                               │        │                    │
//!                    the commit to       verdict, files       the pull request's own comment, found again by its
//!                    compare with        and outputs          first line and its author
//! ```
//!
//! It is in the binary rather than in a shell so that no input of a workflow is ever a word of a shell's, and so that
//! it works alike on all systems. HTTP is left to curl, which every runner has: no TLS is linked in.

mod api;
mod base;
mod body;
mod comment;
mod environment;
mod gate;
mod git;
mod outputs;
mod pull;
mod summary;

use clap::{Args, Subcommand};

use crate::error::Error;

/// `gotrace-diff github STEP`.
#[derive(Debug, Args)]
pub struct GithubArgs {
    /// The step.
    #[command(subcommand)]
    pub step: Step,
}

/// A step of the action.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Step {
    /// Find the commit to compare with, and fetch it.
    Base,
    /// Compare, and say what came of it as outputs.
    Gate,
    /// Write the job summary.
    Summary,
    /// Write, update or leave out the comment.
    Comment,
}

pub(super) fn run(args: &GithubArgs) -> Result<u8, Error> {
    match args.step {
        Step::Base => base::run(),
        Step::Gate => gate::run(),
        Step::Summary => summary::run(),
        Step::Comment => comment::run(),
    }
}
