//! Batches: exact request bodies, and which profile each contact in them was.

use crate::contact::Contact;
use crate::limits::{MAX_BATCH_BYTES, MAX_BATCH_CONTACTS};
use crate::profile::Position;
use core::ops::Range;

const OPENING: &[u8] = b"{\"contacts\":[";

/// One contact of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The profile it was.
    pub position: Position,
    /// The profile's id in the source, where the mapping names one.
    pub source_id: Option<Box<str>>,
    /// The hash by which its address is known.
    pub hash: u64,
    /// Its place among the contacts that were packed together, whatever became of the others.
    pub index: u8,
    json: Range<usize>,
    email: Range<usize>,
}

/// A request body and its contacts, in the order of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Which one of the run it is, from 1; its parts have the same.
    pub number: u64,
    body: Vec<u8>,
    entries: Vec<Entry>,
    closing: &'static [u8],
}

impl Batch {
    fn open(closing: &'static [u8], capacity: usize) -> Self {
        let mut body = Vec::with_capacity(capacity);
        body.extend_from_slice(OPENING);
        Self { number: 0, body, entries: Vec::with_capacity(MAX_BATCH_CONTACTS), closing }
    }

    /// The bytes that go out; the same for every resend.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body alone, for those who send by their own means.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The contacts.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The address of a contact, in its normal form.
    #[must_use]
    pub fn email(&self, entry: &Entry) -> &[u8] {
        self.body.get(entry.email.clone()).unwrap_or_default()
    }

    /// One contact as JSON.
    #[must_use]
    pub fn json(&self, entry: &Entry) -> &[u8] {
        self.body.get(entry.json.clone()).unwrap_or_default()
    }

    /// A batch of those contacts for which `keep` answers yes; `None` when there are none.
    #[must_use]
    pub fn subset(&self, keep: &dyn Fn(usize, &Entry) -> bool) -> Option<Self> {
        let mut subset = Self::open(self.closing, self.body.len());
        subset.number = self.number;
        for (index, entry) in self.entries.iter().enumerate() {
            if !keep(index, entry) {
                continue;
            }
            if !subset.entries.is_empty() {
                subset.body.push(b',');
            }
            let start = subset.body.len();
            subset.body.extend_from_slice(self.json(entry));
            let email = start + (entry.email.start - entry.json.start)..start + (entry.email.end - entry.json.start);
            let json = start..subset.body.len();
            subset.entries.push(Entry { json, email, ..entry.clone() });
        }
        subset.body.extend_from_slice(self.closing);
        (!subset.entries.is_empty()).then_some(subset)
    }

    /// Both halves, for a body that was too large or refused without a name.
    #[must_use]
    pub fn halves(&self) -> [Option<Self>; 2] {
        let middle = self.entries.len() / 2;
        [self.subset(&|index, _| index < middle), self.subset(&|index, _| index >= middle)]
    }
}

/// Packs contacts into batches, by count and by bytes of UTF-8.
#[derive(Clone, Debug)]
pub struct Packer {
    open: Batch,
    closing: &'static [u8],
    taken: u64,
}

impl Packer {
    /// A packer whose bodies exclude or run automations. The switch is always written, and at the top level:
    /// the remote's default is to run them.
    #[must_use]
    pub fn new(exclude_automations: bool) -> Self {
        let closing: &[u8] =
            if exclude_automations { b"],\"exclude_automations\":true}" } else { b"],\"exclude_automations\":false}" };
        Self { open: Batch::open(closing, 0), closing, taken: 0 }
    }

    /// Batches taken so far; the next one has the number after.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Goes on numbering behind a batch.
    pub fn skip_to(&mut self, taken: u64) {
        self.taken = taken;
    }

    /// Contacts in the open batch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.entries.len()
    }

    /// Whether the open batch has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.entries.is_empty()
    }

    /// Whether the open batch has as many contacts as a request may.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.open.entries.len() >= MAX_BATCH_CONTACTS
    }

    /// Bytes of the open batch.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.open.body.len()
    }

    /// Where the next contact is to be written: the end of the open body, after its comma.
    #[inline(always)]
    pub fn body(&mut self) -> &mut Vec<u8> {
        if !self.open.entries.is_empty() && self.open.body.last() == Some(&b'}') {
            self.open.body.push(b',');
        }
        &mut self.open.body
    }

    /// The bytes just written at [`Packer::body`].
    #[must_use]
    pub fn written(&self, range: Range<usize>) -> &[u8] {
        self.open.body.get(range).unwrap_or_default()
    }

    /// Drops what was written at [`Packer::body`] since the last accepted contact.
    pub fn discard(&mut self, contact: &Contact) {
        self.open.body.truncate(contact.json.start);
    }

    /// Whether a contact alone exceeds a request.
    #[must_use]
    pub fn is_too_large(&self, contact: &Contact) -> bool {
        OPENING.len() + contact.json.len() + self.closing.len() > MAX_BATCH_BYTES
    }

    /// Whether the open batch with what was written last exceeds a request.
    #[must_use]
    pub fn overflows(&self) -> bool {
        self.open.body.len() + self.closing.len() > MAX_BATCH_BYTES
    }

    /// Accepts the contact just written.
    #[inline(always)]
    pub fn accept(&mut self, contact: &Contact, position: Position, source_id: Option<Box<str>>, hash: u64) {
        let (json, email) = (contact.json.clone(), contact.email.clone());
        self.open.entries.push(Entry { position, source_id, hash, index: 0, json, email });
    }

    /// The address of an entry of the open batch.
    #[must_use]
    pub fn email(&self, entry: &Entry) -> &[u8] {
        self.open.email(entry)
    }

    /// The entries of the open batch.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.open.entries
    }

    /// Takes entries out of the open batch again, by their indexes in rising order: what follows them moves up.
    pub fn remove(&mut self, indexes: &[usize]) {
        let Batch { body, entries, .. } = &mut self.open;
        let Some(first) = indexes.first() else { return };
        let Some(mut end) = entries.get(*first).map(|entry| entry.json.start) else { return };
        let mut index = 0;
        entries.retain_mut(|entry| {
            let at = index;
            index += 1;
            if at < *first {
                return true;
            }
            if indexes.contains(&at) {
                return false;
            }
            let moved = entry.json.start - end;
            body.copy_within(entry.json.clone(), end);
            entry.json = end..entry.json.end - moved;
            entry.email = entry.email.start - moved..entry.email.end - moved;
            end = entry.json.end;
            if let Some(comma) = body.get_mut(end) {
                *comma = b',';
            }
            end += 1;
            true
        });
        // Behind the last contact that stays, without its comma.
        body.truncate(entries.last().map_or(OPENING.len(), |entry| entry.json.end));
    }

    /// Closes the open batch; `None` when it is empty.
    pub fn take(&mut self) -> Option<Batch> {
        if self.open.entries.is_empty() {
            self.open.body.truncate(OPENING.len());
            return None;
        }
        // A comma that waited for a contact which never came.
        if self.open.body.last() == Some(&b',') {
            self.open.body.pop();
        }
        self.open.body.extend_from_slice(self.closing);
        self.taken += 1;
        self.open.number = self.taken;
        for (index, entry) in (0..=u8::MAX).zip(&mut self.open.entries) {
            entry.index = index;
        }
        // Batches of one export are alike: an eighth more than the last one seldom has to grow.
        let capacity = self.open.body.len() + self.open.body.len() / 8;
        Some(core::mem::replace(&mut self.open, Batch::open(self.closing, capacity)))
    }
}
