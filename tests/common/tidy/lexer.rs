//! Blanks out comments and texts, keeping every place and line, so that what is left is code.

struct Cursor {
    text: Vec<char>,
    out: Vec<char>,
    at: usize,
}

impl Cursor {
    fn new(text: &str) -> Self {
        Self { text: text.chars().collect(), out: Vec::new(), at: 0 }
    }

    fn peek(&self, ahead: usize) -> char {
        self.text.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn starts(&self, what: &str) -> bool {
        what.chars().enumerate().all(|(index, letter)| self.peek(index) == letter)
    }

    fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    fn keep(&mut self) {
        self.out.push(self.peek(0));
        self.at += 1;
    }

    /// As many blanks as the letters had bytes, so that places stay the same.
    fn blank(&mut self, count: usize) {
        for _ in 0..count.min(self.text.len() - self.at) {
            let letter = self.peek(0);
            self.out.extend(std::iter::repeat_n(if letter == '\n' { '\n' } else { ' ' }, letter.len_utf8()));
            self.at += 1;
        }
    }

    fn blank_line(&mut self) {
        while !self.done() && self.peek(0) != '\n' {
            self.blank(1);
        }
    }

    /// Blanks to the closing letter, over escapes.
    fn blank_text(&mut self, close: char) {
        self.blank(1);
        while !self.done() && self.peek(0) != close {
            self.blank(if self.peek(0) == '\\' { 2 } else { 1 });
        }
        self.blank(1);
    }

    fn finish(self) -> String {
        self.out.into_iter().collect()
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Rust without comments, texts and letters.
pub fn rust(text: &str) -> String {
    let mut cursor = Cursor::new(text);
    let mut previous = ' ';
    while !cursor.done() {
        let letter = cursor.peek(0);
        let hashes = raw_text(&cursor).filter(|_| !is_word(previous));
        match letter {
            '/' if cursor.peek(1) == '/' => cursor.blank_line(),
            '/' if cursor.peek(1) == '*' => blank_nested(&mut cursor),
            '"' => cursor.blank_text('"'),
            '\'' if cursor.peek(1) == '\\' || cursor.peek(2) == '\'' => cursor.blank_text('\''),
            _ if hashes.is_some() => {
                let close = format!("\"{}", "#".repeat(hashes.unwrap()));
                while !cursor.done() && cursor.peek(0) != '"' {
                    cursor.blank(1);
                }
                cursor.blank(1);
                while !cursor.done() && !cursor.starts(&close) {
                    cursor.blank(1);
                }
                cursor.blank(close.len());
            }
            _ => cursor.keep(),
        }
        previous = letter;
    }
    cursor.finish()
}

/// The number of hashes of a raw text that begins here.
fn raw_text(cursor: &Cursor) -> Option<usize> {
    let start = if cursor.starts("br") { 2 } else { usize::from(cursor.starts("r")) };
    let hashes = (start..).take_while(|index| cursor.peek(*index) == '#').count();
    (start > 0 && cursor.peek(start + hashes) == '"').then_some(hashes)
}

fn blank_nested(cursor: &mut Cursor) {
    let mut depth = 0;
    loop {
        if cursor.starts("/*") {
            depth += 1;
            cursor.blank(2);
        } else if cursor.starts("*/") {
            depth -= 1;
            cursor.blank(2);
        } else {
            cursor.blank(1);
        }
        if depth == 0 || cursor.done() {
            return;
        }
    }
}

/// JavaScript or TypeScript without comments, texts, patterns and the plain parts of templates.
pub fn script(text: &str) -> String {
    let mut cursor = Cursor::new(text);
    // Depth of braces at which each open `${` ends.
    let mut templates: Vec<usize> = Vec::new();
    let mut depth = 0;
    while !cursor.done() {
        match cursor.peek(0) {
            '/' if cursor.peek(1) == '/' => cursor.blank_line(),
            '/' if cursor.peek(1) == '*' => {
                while !cursor.done() && !cursor.starts("*/") {
                    cursor.blank(1);
                }
                cursor.blank(2);
            }
            '/' if pattern_may_begin(&cursor.out) => blank_pattern(&mut cursor),
            quote @ ('"' | '\'') => cursor.blank_text(quote),
            '`' => {
                cursor.blank(1);
                blank_template(&mut cursor, &mut templates, depth);
            }
            '}' if templates.last() == Some(&depth) => {
                templates.pop();
                cursor.blank(1);
                blank_template(&mut cursor, &mut templates, depth);
            }
            '{' => {
                depth += 1;
                cursor.keep();
            }
            '}' => {
                depth = depth.saturating_sub(1);
                cursor.keep();
            }
            _ => cursor.keep(),
        }
    }
    cursor.finish()
}

/// Blanks a template up to its end or to the next `${`.
fn blank_template(cursor: &mut Cursor, templates: &mut Vec<usize>, depth: usize) {
    while !cursor.done() {
        if cursor.starts("${") {
            cursor.blank(2);
            templates.push(depth);
            return;
        }
        let end = cursor.peek(0) == '`';
        cursor.blank(if cursor.peek(0) == '\\' { 2 } else { 1 });
        if end {
            return;
        }
    }
}

/// Whether a slash here begins a pattern: where a value may stand.
fn pattern_may_begin(before: &[char]) -> bool {
    let text: String = before.iter().rev().take(40).rev().collect();
    let text = text.trim_end();
    let word = text.rsplit(|letter: char| !is_word(letter)).next().unwrap_or_default();
    text.is_empty()
        || "(,=:[!&|?{};+-*%<>~^".contains(text.chars().next_back().unwrap())
        || ["return", "typeof", "case"].contains(&word)
}

fn blank_pattern(cursor: &mut Cursor) {
    let mut class = false;
    cursor.blank(1);
    while !cursor.done() && cursor.peek(0) != '\n' {
        let letter = cursor.peek(0);
        class = letter == '[' || (class && letter != ']');
        cursor.blank(if letter == '\\' { 2 } else { 1 });
        if letter == '/' && !class {
            return;
        }
    }
}
