//! Bytes in, profiles out. Knows no mapping.
