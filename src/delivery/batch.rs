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
    /// The hash by which its address is known.
    pub hash: u64,
    /// Its place among the contacts that were packed together, whatever became of the others.
    pub index: u8,
    json: Range<usize>,
    email: Range<usize>,
    source_id: Range<usize>,
}

/// A request body and its contacts, in the order of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Which one of the run it is, from 1; its parts have the same.
    pub number: u64,
    body: Vec<u8>,
    entries: Vec<Entry>,
    /// The ids of all profiles, one after another: no memory of its own for each.
    source_ids: Vec<u8>,
    closing: &'static [u8],
}

impl Batch {
    /// A batch with nothing in it; `body` begins with the opening.
    fn open(closing: &'static [u8], body: Vec<u8>) -> Self {
        Self { number: 0, body, entries: Vec::with_capacity(MAX_BATCH_CONTACTS), source_ids: Vec::new(), closing }
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

    /// The profile's id in the source, where the mapping names one and it has one.
    #[must_use]
    pub fn source_id(&self, entry: &Entry) -> Option<&str> {
        let id = self.source_ids.get(entry.source_id.clone()).unwrap_or_default();
        core::str::from_utf8(id).ok().filter(|id| !id.is_empty())
    }

    /// One contact as JSON.
    #[must_use]
    pub fn json(&self, entry: &Entry) -> &[u8] {
        self.body.get(entry.json.clone()).unwrap_or_default()
    }

    /// A batch of those contacts for which `keep` answers yes; `None` when there are none.
    #[must_use]
    pub fn subset(&self, keep: &dyn Fn(usize, &Entry) -> bool) -> Option<Self> {
        let mut body = Vec::with_capacity(self.body.len());
        body.extend_from_slice(OPENING);
        let mut subset = Self::open(self.closing, body);
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
            let source_id = add(&mut subset.source_ids, self.source_id(entry).unwrap_or_default().as_bytes());
            subset.entries.push(Entry { json, email, source_id, ..*entry });
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

/// Adds bytes to others; gives their place.
fn add(bytes: &mut Vec<u8>, more: &[u8]) -> Range<usize> {
    let start = bytes.len();
    bytes.extend_from_slice(more);
    start..bytes.len()
}

/// Packs contacts into batches, by count and by bytes of UTF-8.
#[derive(Clone, Debug)]
pub struct Packer {
    /// Its body has room behind what is written.
    open: Batch,
    /// Bytes of the open body that stand for something.
    length: usize,
    closing: &'static [u8],
    taken: u64,
    /// The body of a batch that is no longer needed.
    spare: Vec<u8>,
}

impl Packer {
    /// A packer whose bodies exclude or run automations. The switch is always written, and at the top level:
    /// the remote's default is to run them.
    #[must_use]
    pub fn new(exclude_automations: bool) -> Self {
        let closing: &[u8] =
            if exclude_automations { b"],\"exclude_automations\":true}" } else { b"],\"exclude_automations\":false}" };
        let open = Batch::open(closing, OPENING.to_vec());
        Self { open, length: OPENING.len(), closing, taken: 0, spare: Vec::new() }
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
        self.length
    }

    /// The open body and the place in it where the next contact is to be written, behind its comma. What follows
    /// the place stands for nothing; a contact that is not accepted may stay there.
    #[inline(always)]
    pub fn place(&mut self) -> (&mut Vec<u8>, usize) {
        if self.open.entries.is_empty() {
            return (&mut self.open.body, self.length);
        }
        match self.open.body.get_mut(self.length) {
            Some(byte) => *byte = b',',
            None => self.open.body.push(b','),
        }
        (&mut self.open.body, self.length + 1)
    }

    /// Writes a contact that was written before to the [place](Self::place) of the next one.
    pub fn write(&mut self, json: &[u8], email: &Range<usize>) -> Contact {
        let (body, start) = self.place();
        body.truncate(start);
        body.extend_from_slice(json);
        Contact { json: start..start + json.len(), email: start + email.start..start + email.end }
    }

    /// The bytes just written at [`Packer::place`].
    #[must_use]
    pub fn written(&self, range: Range<usize>) -> &[u8] {
        self.open.body.get(range).unwrap_or_default()
    }

    /// Whether a contact alone exceeds a request.
    #[must_use]
    pub fn is_too_large(&self, contact: &Contact) -> bool {
        OPENING.len() + contact.json.len() + self.closing.len() > MAX_BATCH_BYTES
    }

    /// Whether the open batch with the contact just written exceeds a request.
    #[must_use]
    pub fn overflows(&self, contact: &Contact) -> bool {
        contact.json.end + self.closing.len() > MAX_BATCH_BYTES
    }

    /// Accepts the contact just written; `source_id` is its profile's, or empty.
    #[inline(always)]
    pub fn accept(&mut self, contact: &Contact, position: Position, source_id: &[u8], hash: u64) {
        let (json, email) = (contact.json.clone(), contact.email.clone());
        self.length = json.end;
        let source_id = if source_id.is_empty() { 0..0 } else { add(&mut self.open.source_ids, source_id) };
        self.open.entries.push(Entry { position, hash, index: 0, json, email, source_id });
    }

    /// The id of an entry of the open batch.
    #[must_use]
    pub fn source_id(&self, entry: &Entry) -> Option<&str> {
        self.open.source_id(entry)
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
        let Some(&first) = indexes.first() else { return };
        let Some(mut end) = entries.get(first).map(|entry| entry.json.start) else { return };
        let (mut kept, mut removed) = (first, indexes);
        for at in first..entries.len() {
            if removed.first() == Some(&at) {
                removed = removed.get(1..).unwrap_or_default();
                continue;
            }
            entries.swap(kept, at);
            let Some(entry) = entries.get_mut(kept) else { break };
            let moved = entry.json.start - end;
            body.copy_within(entry.json.clone(), end);
            entry.json = end..entry.json.end - moved;
            entry.email = entry.email.start - moved..entry.email.end - moved;
            end = entry.json.end;
            if let Some(comma) = body.get_mut(end) {
                *comma = b',';
            }
            end += 1;
            kept += 1;
        }
        entries.truncate(kept);
        // Behind the last contact that stays, without its comma.
        self.length = entries.last().map_or(OPENING.len(), |entry| entry.json.end);
    }

    /// Closes the open batch; `None` when it is empty.
    pub fn take(&mut self) -> Option<Batch> {
        if self.open.entries.is_empty() {
            return None;
        }
        self.open.body.truncate(self.length);
        self.open.body.extend_from_slice(self.closing);
        self.taken += 1;
        self.open.number = self.taken;
        for (index, entry) in (0..=u8::MAX).zip(&mut self.open.entries) {
            entry.index = index;
        }
        let mut body = core::mem::take(&mut self.spare);
        if body.len() < OPENING.len() {
            body = OPENING.to_vec();
        }
        // Batches of one export are alike: an eighth more than the last one seldom has to grow.
        body.resize(self.open.body.len() + self.open.body.len() / 8, 0);
        self.length = OPENING.len();
        Some(core::mem::replace(&mut self.open, Batch::open(self.closing, body)))
    }

    /// Takes the body of a batch that is no longer needed: a later one is written into it, which is quicker than
    /// new memory that must be cleared first.
    pub fn reuse(&mut self, body: Vec<u8>) {
        if body.starts_with(OPENING) {
            self.spare = body;
        }
    }
}
