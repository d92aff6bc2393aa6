//! A task beside its global default, word by word.

use crate::ctx::Ctx;
use crate::error::Result;
use model::TenantId;
use model::tasks::{Comparison, Piece, PieceKind, normal_prompt};
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// Beyond this a diff of two very unlike prompts is given up for a coarser one; it stays right, only longer.
const PATIENCE: Duration = Duration::from_millis(50);

/// What the override changes, and what the default changed since.
///
/// # Errors
/// As [`super::get`].
pub async fn compare(cx: &Ctx, tenant: TenantId, key: &str) -> Result<Comparison> {
    let detail = super::get(cx, tenant, key).await?;
    let prompt = words(&detail.item.published.prompt, &detail.item.effective.prompt);
    let moved = detail.base.as_ref().map(|base| words(&base.prompt, &detail.item.published.prompt));
    Ok(Comparison { prompt, prompt_moved: moved.unwrap_or_default(), detail })
}

/// The pieces from one prompt to another. The same and removed pieces in a row are the old text, the same and added
/// ones the new.
fn words(old: &str, new: &str) -> Vec<Piece> {
    let (old, new) = (normal_prompt(old), normal_prompt(new));
    let diff = TextDiff::configure().timeout(PATIENCE).diff_words(&old, &new);
    let mut pieces: Vec<Piece> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = match change.tag() {
            ChangeTag::Equal => PieceKind::Same,
            ChangeTag::Delete => PieceKind::Removed,
            ChangeTag::Insert => PieceKind::Added,
        };
        match pieces.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(change.value()),
            _ => pieces.push(Piece { kind, text: change.value().to_owned() }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(pieces: &[Piece], left_out: PieceKind) -> String {
        pieces.iter().filter(|p| p.kind != left_out).map(|p| p.text.as_str()).collect()
    }

    #[test]
    fn both_sides_can_be_read_from_the_pieces() {
        for (old, new) in [
            ("Write three sentences.", "Write two sentences."),
            ("", "new"),
            ("a\r\nb", "a\nb"),
            ("same", "same"),
            ("línea una\n\nlínea dos", "línea una\nlínea tres ✓"),
        ] {
            let pieces = words(old, new);
            assert_eq!(side(&pieces, PieceKind::Added), normal_prompt(old));
            assert_eq!(side(&pieces, PieceKind::Removed), normal_prompt(new));
        }
        let pieces = words("Write three sentences.", "Write two sentences.");
        let changed: Vec<&str> =
            pieces.iter().filter(|p| p.kind != PieceKind::Same).map(|p| p.text.as_str()).collect();
        assert_eq!(changed, ["three", "two"]);
        assert_eq!(words("a\r\nb ", "a\nb").len(), 1);
    }

    #[test]
    fn the_longest_prompts_are_compared_soon_enough() {
        let old: String = (0..4_000).map(|n| format!("w{n} ")).collect();
        let new: String = (0..4_000).map(|n| format!("v{n} ")).collect();
        let pieces = words(&old, &new);
        assert_eq!(side(&pieces, PieceKind::Removed), normal_prompt(&new));
    }
}
