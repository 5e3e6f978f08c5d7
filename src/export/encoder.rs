//! From bytes to batches: decoding, mapping, de-duplication and packing, without any remote.

use super::progress::{Counts, OmissionCount};
use crate::audience::Seen;
use crate::contact::Omission;
use crate::delivery::batch::{Batch, Packer};
use crate::error::{Category, Stop};
use crate::mapping::{Mapped, Program, trim};
use crate::plan::{Automations, Plan};
use crate::profile::Profile;
use crate::rejection::{Rejection, Rule, shown};
use crate::source::{Decoder, Refusal, SourceError, Step};
use std::collections::BTreeMap;

/// How an encoder reports.
#[derive(Clone, Copy, Debug, Default)]
pub struct EncoderOptions {
    /// Makes the hashes of this run its own.
    pub seed: u64,
    /// Whether rejections show whole values.
    pub reveal: bool,
    /// Whether rejections are only counted.
    pub count_only: bool,
}

/// Turns the bytes of a source into batches.
pub struct Encoder {
    plan: Plan,
    options: EncoderOptions,
    decoder: Decoder,
    program: Option<Program>,
    columns: Vec<String>,
    seen: Seen,
    packer: Packer,
    counts: Counts,
    rejections: Vec<Rejection>,
    omissions: BTreeMap<(usize, Omission), OmissionCount>,
}

/// What an encoder needs or has.
#[derive(Debug)]
pub enum Advance {
    /// A batch.
    Batch(Batch),
    /// More bytes, or the word that there are none.
    NeedBytes,
    /// All is told.
    End,
}

impl Encoder {
    /// An encoder at the start of a source.
    #[must_use]
    pub fn new(plan: Plan, options: EncoderOptions) -> Self {
        Self {
            decoder: Decoder::new(plan.source),
            packer: Packer::new(plan.automations == Automations::Exclude),
            seen: Seen::new(options.seed),
            program: None,
            columns: Vec::new(),
            counts: Counts::default(),
            rejections: Vec::new(),
            omissions: BTreeMap::new(),
            options,
            plan,
        }
    }

    /// Room for the next bytes of the source; filling it is feeding it.
    pub fn space(&mut self, length: usize) -> &mut [u8] {
        self.decoder.space(length)
    }

    /// Feeds bytes of the source.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.decoder.feed(bytes);
    }

    /// Says that the source has ended.
    pub fn finish(&mut self) {
        self.decoder.finish();
    }

    /// Decodes until a batch is full, bytes are missing or the source is at its end.
    ///
    /// # Errors
    /// The source as a whole cannot be exported: it is empty or unreadable, or lacks a mapped column.
    pub fn advance(&mut self) -> Result<Advance, Stop> {
        if self.program.is_none() && !self.bind()? {
            return Ok(Advance::NeedBytes);
        }
        loop {
            let full = match self.decoder.next_step() {
                Step::NeedBytes => return Ok(Advance::NeedBytes),
                Step::End => return self.end(),
                Step::Refused(refusal) => {
                    self.refuse(refusal);
                    None
                }
                Step::Profile(profile) => {
                    let Some(program) = self.program.as_mut() else { return Ok(Advance::NeedBytes) };
                    self.counts.read += 1;
                    let context = Context { columns: &self.columns, options: self.options };
                    let mut packed = Packed {
                        packer: &mut self.packer,
                        seen: &mut self.seen,
                        counts: &mut self.counts,
                        rejections: &mut self.rejections,
                        omissions: &mut self.omissions,
                    };
                    packed.profile(program, &profile, &context)
                }
            };
            if let Some(batch) = full {
                return Ok(Advance::Batch(batch));
            }
        }
    }

    /// Compiles the mapping once the columns are known; `false` while they are not.
    fn bind(&mut self) -> Result<bool, Stop> {
        let Some(columns) = self.decoder.columns().map_err(|error| source_stop(&error))? else {
            return Ok(false);
        };
        let columns = columns.to_vec();
        let program = Program::bind(&self.plan, &columns).map_err(Stop::settings)?;
        self.decoder.select(program.columns());
        self.columns = columns;
        self.program = Some(program);
        Ok(true)
    }

    fn end(&mut self) -> Result<Advance, Stop> {
        if self.counts.read == 0 {
            return Err(Stop::new(
                "no_profiles",
                Category::Source,
                "The source has column names but no profiles.",
                "Check that the segment has members and that its export has finished.",
            ));
        }
        Ok(self.packer.take().map_or(Advance::End, Advance::Batch))
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.counts.read += 1;
        self.counts.reject(refusal.rule);
        if !self.options.count_only {
            self.rejections.push(Rejection {
                position: refusal.position,
                source_id: None,
                column: refusal.column.and_then(|column| self.columns.get(column).cloned()),
                rule: refusal.rule,
                reason: refusal.rule.reason().to_owned(),
                value: None,
            });
        }
    }

    /// What was read and refused so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Contacts in the batch that is still open.
    #[must_use]
    pub fn open_contacts(&self) -> u64 {
        self.packer.len() as u64
    }

    /// Bytes held that belong to no batch yet.
    #[must_use]
    pub fn open_bytes(&self) -> usize {
        self.packer.bytes() + self.decoder.buffered()
    }

    /// The rejections since the last call.
    pub fn take_rejections(&mut self) -> Vec<Rejection> {
        core::mem::take(&mut self.rejections)
    }

    /// The values left out of contacts, by target and reason.
    #[must_use]
    pub fn omissions(&self) -> Vec<OmissionCount> {
        self.omissions.values().cloned().collect()
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

fn source_stop(error: &SourceError) -> Stop {
    let message = format!("{} (line {}, column {})", error.message.trim_end_matches('.'), error.line, error.column);
    Stop::new(error.code, Category::Source, message + ".", "Correct the source; nothing was sent.")
}

/// What a report needs besides the profile.
struct Context<'a> {
    columns: &'a [String],
    options: EncoderOptions,
}

/// The parts of an encoder that a mapped profile changes.
struct Packed<'a> {
    packer: &'a mut Packer,
    seen: &'a mut Seen,
    counts: &'a mut Counts,
    rejections: &'a mut Vec<Rejection>,
    omissions: &'a mut BTreeMap<(usize, Omission), OmissionCount>,
}

impl Packed<'_> {
    /// Maps one profile and packs its contact; gives the batch that is full because of it.
    fn profile(&mut self, program: &mut Program, profile: &Profile<'_>, context: &Context<'_>) -> Option<Batch> {
        let contact = match program.map(profile, self.packer.body()) {
            Mapped::Contact(contact) => contact,
            Mapped::Excluded => {
                self.counts.excluded += 1;
                return None;
            }
            Mapped::Rejected(rule, column) => {
                self.reject(rule, column, program, profile, context);
                return None;
            }
        };
        if !self.seen.insert(self.packer.written(contact.email.clone())) {
            self.packer.discard(&contact);
            self.counts.duplicate += 1;
            self.report(Rule::Duplicate, None, program, profile, context);
            return None;
        }
        for (target, reason) in program.omitted() {
            let count = self.omissions.entry((*target, *reason)).or_insert_with(|| OmissionCount {
                target: program.target_name(*target).to_owned(),
                code: reason.code(),
                reason: reason.reason(),
                count: 0,
                first_row: profile.position().row,
            });
            count.count += 1;
        }
        let source_id = program.id_column().map(|column| {
            String::from_utf8_lossy(trim(profile.text(column))).chars().take(200).collect::<String>().into_boxed_str()
        });
        match self.packer.accept(&contact, profile.position(), source_id) {
            Ok(batch) => {
                self.counts.accepted += 1;
                batch
            }
            Err(_) => {
                self.reject(Rule::ContactTooLarge, None, program, profile, context);
                None
            }
        }
    }

    fn reject(
        &mut self,
        rule: Rule,
        column: Option<usize>,
        program: &Program,
        profile: &Profile<'_>,
        context: &Context<'_>,
    ) {
        self.counts.reject(rule);
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
        let id = program.id_column().map(|column| String::from_utf8_lossy(trim(profile.text(column))).into_owned());
        self.rejections.push(Rejection {
            position: profile.position(),
            source_id: id.filter(|id| !id.is_empty()).map(|id| id.chars().take(200).collect()),
            column: column.and_then(|column| context.columns.get(column).cloned()),
            rule,
            reason: rule.reason().to_owned(),
            value: column.and_then(|column| shown(profile.text(column), context.options.reveal)),
        });
    }
}
