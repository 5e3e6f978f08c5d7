//! Mapped profiles on their way into a batch: their addresses are looked up, and duplicates leave again.

use super::encoder::EncoderOptions;
use super::progress::{Counts, OmissionCount};
use crate::audience::Seen;
use crate::contact::{Contact, Omission};
use crate::delivery::batch::{Batch, Packer};
use crate::mapping::{Mapped, Program};
use crate::profile::{Position, Profile};
use crate::rejection::{Rejection, Rule, SHOWN, shown};
use crate::text::trim;
use std::borrow::Cow;

/// What was counted and told of the records so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) rejections: Vec<Rejection>,
    pub(super) omissions: Vec<OmissionCount>,
}

/// Contacts at the end of the open batch whose addresses are not looked up yet. Looking up many at once hides
/// the memory's latency, which is the largest single cost of a long run.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The hashes of the addresses, in the order of the contacts.
    pub(super) hashes: Vec<u64>,
    /// Values left out of these contacts: index in the group, target, reason.
    omitted: Vec<(usize, usize, Omission)>,
}

/// Addresses looked up at once.
const GROUP: usize = 64;

/// What a report needs besides the profile.
pub(super) struct Context<'a> {
    pub(super) columns: &'a [String],
    pub(super) options: EncoderOptions,
}

/// The parts of an encoder that a mapped profile changes.
pub(super) struct Packed<'a> {
    pub(super) packer: &'a mut Packer,
    pub(super) seen: &'a mut Seen,
    pub(super) tally: &'a mut Tally,
    pub(super) group: &'a mut Group,
}

impl Packed<'_> {
    /// Maps one profile and packs its contact; gives the batch that is full because of it.
    pub(super) fn profile(
        &mut self,
        program: &mut Program,
        profile: &Profile<'_>,
        context: &Context<'_>,
    ) -> Option<Batch> {
        let (body, place) = self.packer.place();
        let contact = match program.map(profile, body, place) {
            Mapped::Contact(contact) => contact,
            Mapped::Excluded => {
                self.tally.counts.excluded += 1;
                return None;
            }
            Mapped::Rejected(rule, column) => {
                self.reject(rule, column, program, profile, context);
                return None;
            }
        };
        if self.packer.is_too_large(&contact) {
            self.reject(Rule::ContactTooLarge, None, program, profile, context);
            return None;
        }
        let source_id = match program.id_column() {
            Some(column) => source_id(profile, column, context.options),
            None => Cow::default(),
        };
        let full = if self.packer.overflows(&contact) {
            self.overflow(&contact, profile, &source_id, program, context)
        } else {
            self.accept(&contact, profile, &source_id, program);
            None
        };
        if self.group.hashes.len() == GROUP || self.packer.is_full() {
            self.settle(program, context);
        }
        match full {
            None if self.packer.is_full() => self.packer.take(),
            full => full,
        }
    }

    fn accept(&mut self, contact: &Contact, profile: &Profile<'_>, source_id: &[u8], program: &Program) {
        let hash = self.seen.hash(self.packer.written(contact.email.clone()));
        let index = self.group.hashes.len();
        for (target, reason) in program.omitted() {
            self.group.omitted.push((index, *target, *reason));
        }
        self.group.hashes.push(hash);
        self.packer.accept(contact, profile.position(), source_id, hash);
    }

    /// The contact just written does not fit the open batch, unless duplicates go out of it first. It is looked
    /// up at once: a duplicate must not close a batch that has room for the contact after it.
    #[cold]
    fn overflow(
        &mut self,
        contact: &Contact,
        profile: &Profile<'_>,
        source_id: &[u8],
        program: &Program,
        context: &Context<'_>,
    ) -> Option<Batch> {
        let json = self.packer.written(contact.json.clone()).to_vec();
        let email = contact.email.start - contact.json.start..contact.email.end - contact.json.start;
        self.settle(program, context);
        let hash = self.seen.hash(json.get(email.clone()).unwrap_or_default());
        if !self.seen.insert(hash) {
            self.tally.counts.duplicate += 1;
            let email = json.get(email).unwrap_or_default();
            let source_id = core::str::from_utf8(source_id).ok();
            self.report_duplicate(profile.position(), source_id, program, email, context);
            return None;
        }
        self.tally.counts.accepted += 1;
        for (target, reason) in program.omitted() {
            self.omit(program.target_name(*target), *reason, profile.position().row);
        }
        let mut full = None;
        loop {
            let contact = self.packer.write(&json, &email);
            if !self.packer.overflows(&contact) {
                self.packer.accept(&contact, profile.position(), source_id, hash);
                return full;
            }
            full = self.packer.take();
        }
    }

    /// Looks up the addresses of the group and takes duplicates out of the batch again.
    pub(super) fn settle(&mut self, program: &Program, context: &Context<'_>) {
        let Group { hashes, omitted } = core::mem::take(self.group);
        let first = self.packer.len() - hashes.len().min(self.packer.len());
        let mut duplicates = Vec::new();
        self.seen.prefetch(&hashes);
        for (index, hash) in hashes.iter().enumerate() {
            if !self.seen.insert(*hash) {
                duplicates.push(first + index);
            }
        }
        self.tally.counts.accepted += (hashes.len() - duplicates.len()) as u64;
        self.tally.counts.duplicate += duplicates.len() as u64;
        for (index, target, reason) in &omitted {
            let Some(entry) = self.packer.entries().get(first + index) else { continue };
            if duplicates.contains(&(first + index)) {
                continue;
            }
            let row = entry.position.row;
            self.omit(program.target_name(*target), *reason, row);
        }
        for index in &duplicates {
            if let Some(entry) = self.packer.entries().get(*index) {
                let (position, source_id) = (entry.position, self.packer.source_id(entry).map(str::to_owned));
                let email = self.packer.email(entry).to_vec();
                self.report_duplicate(position, source_id.as_deref(), program, &email, context);
            }
        }
        self.packer.remove(&duplicates);
        // The vectors go back, so that the next group allocates nothing.
        *self.group = Group { hashes, omitted };
        self.group.hashes.clear();
        self.group.omitted.clear();
    }

    /// Counts a value that was left out.
    fn omit(&mut self, target: &str, reason: Omission, row: u64) {
        let same = |count: &&mut OmissionCount| count.code == reason.code() && count.target == target;
        match self.tally.omissions.iter_mut().find(same) {
            Some(count) => count.count += 1,
            None => self.tally.omissions.push(OmissionCount {
                target: target.to_owned(),
                code: reason.code(),
                reason: reason.reason(),
                count: 1,
                first_row: row,
            }),
        }
    }

    /// Reports a duplicate, in its place among the rejections of the rows after it.
    fn report_duplicate(
        &mut self,
        position: Position,
        source_id: Option<&str>,
        program: &Program,
        email: &[u8],
        context: &Context<'_>,
    ) {
        if context.options.count_only {
            return;
        }
        let place = self.tally.rejections.partition_point(|rejection| rejection.position.row < position.row);
        self.tally.rejections.insert(
            place,
            Rejection {
                position,
                source_id: source_id.filter(|id| !id.is_empty()).map(str::to_owned),
                column: program.email_column().and_then(|column| context.columns.get(column).cloned()),
                rule: Rule::Duplicate,
                reason: Rule::Duplicate.reason().to_owned(),
                value: shown(email, context.options.reveal),
            },
        );
    }

    fn reject(
        &mut self,
        rule: Rule,
        column: Option<usize>,
        program: &Program,
        profile: &Profile<'_>,
        context: &Context<'_>,
    ) {
        self.tally.counts.reject(rule);
        self.report(rule, column, program, profile, context);
    }

    fn report(
        &mut self,
        rule: Rule,
        column: Option<usize>,
        program: &Program,
        profile: &Profile<'_>,
        context: &Context<'_>,
    ) {
        if context.options.count_only {
            return;
        }
        let id = program.id_column().map(|column| short_text(profile.text(column), context.options.reveal));
        self.tally.rejections.push(Rejection {
            position: profile.position(),
            source_id: id.filter(|id| !id.is_empty()),
            column: column.and_then(|column| context.columns.get(column).cloned()),
            rule,
            reason: rule.reason().to_owned(),
            value: column.and_then(|column| shown(profile.text(column), context.options.reveal)),
        });
    }
}

/// The same as [`short_text`]; an id of the usual kind is shown as it stands.
#[inline(never)]
fn source_id<'a>(profile: &Profile<'a>, column: usize, options: EncoderOptions) -> Cow<'a, [u8]> {
    let text = trim(profile.text(column));
    if text.len() <= SHOWN && text.is_ascii() && !text.contains(&b'@') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(short_text(text, options.reveal).into_bytes())
}

/// An id as reports show it: without blanks around it, cut to a line's length. An id that is an address is
/// a person's, and hidden like any value.
fn short_text(text: &[u8], reveal: bool) -> String {
    shown(trim(text), reveal || !text.contains(&b'@')).unwrap_or_default()
}
