//! Templates: text with columns in braces, `{FirstName} {LastName}`. A brace itself is written twice.

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// The value of a column.
    Column(String),
}

/// A template that joins columns. Its value is blank when all its columns are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

impl Template {
    /// The parts in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong, in plain words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text.chars().peekable();
        while let Some(letter) = rest.next() {
            match letter {
                '{' | '}' if rest.peek() == Some(&letter) => {
                    rest.next();
                    plain.push(letter);
                }
                '}' => return Err("has a } without its {; write }} for the character itself"),
                '{' => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(core::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Column(column_name(&mut rest)?));
                }
                other => plain.push(other),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        if !pieces.iter().any(|piece| matches!(piece, Piece::Column(_))) {
            return Err("names no column; write one in braces, like {FirstName}");
        }
        Ok(Self(pieces))
    }
}

fn column_name(rest: &mut impl Iterator<Item = char>) -> Result<String, &'static str> {
    let mut name = String::new();
    for letter in rest {
        match letter {
            '}' if name.is_empty() => return Err("has empty braces; name a column in them"),
            '}' => return Ok(name),
            '{' => return Err("has a { inside a column's name"),
            other => name.push(other),
        }
    }
    Err("has a { that is never closed; write {{ for the character itself")
}
