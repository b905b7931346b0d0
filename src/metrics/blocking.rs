//! Where goroutines waited: by stack and reason.

use crate::hash::HashMap;
use crate::summary::{Site, SiteFrame};
use crate::timeline::{Span, State};
use crate::trace::{StackId, Sym, Symbols};

/// A summary keeps this many sites with the most time, and as many of the rest with the most waits.
const KEPT: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Why {
    Blocked(Sym),
    Syscall,
}

#[derive(Clone, Copy, Debug)]
struct SiteSum {
    stack: StackId,
    why: Why,
    count: u64,
    open: u64,
    ns: i64,
    /// Index of the next site of the same stack, plus one.
    next: u32,
}

/// All sites so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocking {
    sites: Vec<SiteSum>,
    /// By stack: index of its first site, plus one. Stacks are small consecutive numbers.
    first: Vec<u32>,
}

impl Blocking {
    #[inline(always)]
    pub(super) fn span(&mut self, span: &Span) {
        if span.stack == StackId::NONE {
            return;
        }
        let why = if span.state == State::Waiting { Why::Blocked(span.reason) } else { Why::Syscall };
        let site = self.site(span.stack, why);
        // A call whose processor was retaken comes in two parts.
        let begins = span.state != State::SyscallBlocked;
        site.count += u64::from(begins);
        site.open += u64::from(span.open && begins);
        site.ns = site.ns.saturating_add(span.ns());
    }

    #[inline(always)]
    fn site(&mut self, stack: StackId, why: Why) -> &mut SiteSum {
        let at = stack.0 as usize;
        if at >= self.first.len() {
            self.first.resize(at + 1, 0);
        }
        let mut next = self.first[at];
        while next != 0 {
            let index = next as usize - 1;
            if self.sites[index].why == why {
                return &mut self.sites[index];
            }
            next = self.sites[index].next;
        }
        let index = self.sites.len();
        self.sites.push(SiteSum { stack, why, count: 0, open: 0, ns: 0, next: self.first[at] });
        self.first[at] = index as u32 + 1;
        &mut self.sites[index]
    }

    pub(super) fn into_sites(self, symbols: &Symbols) -> Vec<Site> {
        let mut order: Vec<usize> = (0..self.sites.len()).collect();
        let sites = &self.sites;
        // Stack ids are given in order of appearance: the same trace gives the same choice.
        order.sort_by_key(|&i| (std::cmp::Reverse(sites[i].ns), sites[i].stack, sites[i].why));
        let mut rest = order.split_off(KEPT.min(order.len()));
        rest.sort_by_key(|&i| (std::cmp::Reverse(sites[i].count), sites[i].stack, sites[i].why));
        order.extend(rest.into_iter().take(KEPT));
        let mut texts: HashMap<Why, String> = HashMap::default();
        let kept = order.into_iter().map(|i| {
            let sum = &sites[i];
            let state = texts.entry(sum.why).or_insert_with(|| match sum.why {
                Why::Syscall => "syscall".to_owned(),
                Why::Blocked(reason) => format!("block_ns.{}", symbols.text(reason)),
            });
            let stack: Vec<SiteFrame> = symbols
                .frames(sum.stack)
                .map(|frame| SiteFrame {
                    func: symbols.text(frame.func).to_owned(),
                    file: symbols.text(frame.file).to_owned(),
                    line: frame.line,
                })
                .collect();
            let group = stack.last().map(|frame| frame.func.clone()).unwrap_or_default();
            Site { group, state: state.clone(), stack, count: sum.count, open: sum.open, time_ns: sum.ns }
        });
        kept.collect()
    }
}
