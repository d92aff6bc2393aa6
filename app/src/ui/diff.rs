//! Two values side by side: what the default says and what holds here.

use super::time::When;
use chrono::{DateTime, Utc};
use leptos::prelude::*;

/// How a row stands to its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffState {
    Overridden,
    /// Overridden, and the default changed since.
    Moved,
    /// Overridden with the default's own value.
    Redundant,
    Locked,
    Inherited,
}

impl DiffState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Overridden => "overridden",
            Self::Moved => "moved",
            Self::Redundant => "redundant",
            Self::Locked => "locked",
            Self::Inherited => "inherited",
        }
    }

    const fn marks(self) -> bool {
        matches!(self, Self::Overridden | Self::Moved)
    }
}

/// One setting of a [`DiffTable`].
#[derive(Clone, Debug)]
pub struct DiffRow {
    pub name: String,
    pub state: DiffState,
    pub before: String,
    pub after: String,
    /// Who changed it and when.
    pub changed: Option<(String, DateTime<Utc>)>,
}

/// A comparison as a table; differences are marked with `del` and `ins` and said in words.
///
/// `<DiffTable caption="Comparison" before="Global default v7" after="This tenant" rows/>`
#[component]
pub fn DiffTable(
    #[prop(into)] caption: String,
    #[prop(default = "Setting")] name: &'static str,
    #[prop(into)] before: String,
    #[prop(into)] after: String,
    rows: Vec<DiffRow>,
) -> impl IntoView {
    let who = rows.iter().any(|row| row.changed.is_some());
    let body = rows.into_iter().map(|row| {
        let (old, new) = if row.state.marks() {
            (
                view! { <del><span class="u-visually-hidden">"default: "</span>{shown(row.before)}</del> }.into_any(),
                view! { <ins><span class="u-visually-hidden">"now: "</span>{shown(row.after)}</ins> }.into_any(),
            )
        } else {
            (shown(row.before).into_any(), shown(row.after).into_any())
        };
        let changed = who.then(|| {
            let changed = row.changed.map(|(by, at)| view! { {by}", "<When at/> });
            view! { <td>{changed}</td> }
        });
        view! { <tr data-state=row.state.as_str()><th scope="row">{row.name}</th><td>{old}</td><td>{new}</td>{changed}</tr> }
    });
    let label = caption.clone();
    view! {
        <div class="c-table-region" role="region" aria-label=label tabindex="0">
            <table class="c-diff">
                <caption class="u-visually-hidden">{caption}</caption>
                <thead><tr><th scope="col">{name}</th><th scope="col">{before}</th><th scope="col">{after}</th>{who.then(|| view! { <th scope="col">"Changed"</th> })}</tr></thead>
                <tbody>{body.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn shown(value: String) -> String {
    if value.is_empty() { "(empty)".into() } else { value }
}

/// A piece of a text comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Same(String),
    Removed(String),
    Added(String),
}

/// Two versions of a text, word by word.
///
/// `<ProseDiff before_title="Global default v7" after_title="This tenant" before=&default after=&own/>`
#[component]
pub fn ProseDiff(
    #[prop(into)] before_title: String,
    #[prop(into)] after_title: String,
    #[prop(into)] before: String,
    #[prop(into)] after: String,
) -> impl IntoView {
    view! { <PieceDiff before_title after_title pieces=words(&before, &after)/> }.into_any()
}

/// The same of pieces that were found elsewhere.
///
/// `<PieceDiff before_title="Global default v7" after_title="This tenant" pieces/>`
#[component]
pub fn PieceDiff(
    #[prop(into)] before_title: String,
    #[prop(into)] after_title: String,
    pieces: Vec<Piece>,
) -> impl IntoView {
    let old = pieces.iter().filter_map(|piece| match piece {
        Piece::Same(text) => Some(text.clone().into_any()),
        Piece::Removed(text) => Some(view! { <del>{text.clone()}</del> }.into_any()),
        Piece::Added(_) => None,
    });
    let new = pieces.iter().filter_map(|piece| match piece {
        Piece::Same(text) => Some(text.clone().into_any()),
        Piece::Added(text) => Some(view! { <ins>{text.clone()}</ins> }.into_any()),
        Piece::Removed(_) => None,
    });
    view! {
        <div class="c-prose-diff">
            <section><h3>{before_title}</h3><p>{old.collect_view()}</p></section>
            <section><h3>{after_title}</h3><p>{new.collect_view()}</p></section>
        </div>
    }
    .into_any()
}

/// More words than this in the part that differs are compared as one block: the table of the comparison grows with the square.
const WORDS_MAX: usize = 1_500;

/// The longest common run of words, as pieces; joined they give both texts again.
pub fn words(before: &str, after: &str) -> Vec<Piece> {
    let old: Vec<&str> = before.split_inclusive(char::is_whitespace).collect();
    let new: Vec<&str> = after.split_inclusive(char::is_whitespace).collect();
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut pieces = Vec::new();
    for word in &old[..head] {
        push(&mut pieces, Piece::Same((*word).to_owned()));
    }
    if a.len() > WORDS_MAX || b.len() > WORDS_MAX {
        push(&mut pieces, Piece::Removed(a.concat()));
        push(&mut pieces, Piece::Added(b.concat()));
    } else {
        compare(a, b, &mut pieces);
    }
    for word in &old[old.len() - tail..] {
        push(&mut pieces, Piece::Same((*word).to_owned()));
    }
    pieces.retain(|piece| !matches!(piece, Piece::Same(text) | Piece::Removed(text) | Piece::Added(text) if text.is_empty()));
    pieces
}

fn compare(a: &[&str], b: &[&str], pieces: &mut Vec<Piece>) {
    // lengths[i][j]: the longest common run of a[i..] and b[j..].
    let mut lengths = vec![vec![0_u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i][j] = if a[i] == b[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            push(pieces, Piece::Same(a[i].to_owned()));
            i += 1;
            j += 1;
        } else if j == b.len() || (i < a.len() && lengths[i + 1][j] >= lengths[i][j + 1]) {
            push(pieces, Piece::Removed(a[i].to_owned()));
            i += 1;
        } else {
            push(pieces, Piece::Added(b[j].to_owned()));
            j += 1;
        }
    }
}

/// Appends, joining pieces of the same kind.
fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), &piece) {
        (Some(Piece::Same(text)), Piece::Same(more))
        | (Some(Piece::Removed(text)), Piece::Removed(more))
        | (Some(Piece::Added(text)), Piece::Added(more)) => text.push_str(more),
        _ => pieces.push(piece),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pieces: &[Piece]) -> (String, String) {
        let (mut old, mut new) = (String::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Same(text) => {
                    old.push_str(text);
                    new.push_str(text);
                }
                Piece::Removed(text) => old.push_str(text),
                Piece::Added(text) => new.push_str(text),
            }
        }
        (old, new)
    }

    #[test]
    fn one_word_differs() {
        let pieces = words("Write three sentences.", "Write two sentences.");
        assert_eq!(
            pieces,
            [
                Piece::Same("Write ".into()),
                Piece::Removed("three ".into()),
                Piece::Added("two ".into()),
                Piece::Same("sentences.".into())
            ]
        );
    }

    #[test]
    fn both_texts_can_be_read_from_the_pieces() {
        let long = "x y ".repeat(2_000);
        for (old, new) in [
            ("", ""),
            ("a", ""),
            ("", "a b"),
            ("a b c d", "b d e"),
            ("a  b\nc", "a b\nc "),
            ("é ü", "ü é"),
            (long.as_str(), "z"),
        ] {
            assert_eq!(texts(&words(old, new)), (old.to_owned(), new.to_owned()));
        }
    }
}
