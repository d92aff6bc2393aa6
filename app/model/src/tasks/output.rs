//! What a task answers: attributes, the fields they are written to, and the form of their values.

use crate::fields::{Field, FieldKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One attribute of a task's answer and the field it is written to (R34). Every value comes with an explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    pub attribute: String,
    /// Key of a field.
    pub field: String,
    pub kind: OutputKind,
}

/// The form a value must have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum OutputKind {
    /// A string of at most so many characters.
    Text { max_chars: u32 },
    /// Both bounds included.
    Number { min: f64, max: f64 },
    /// Exactly one of these.
    Choice { options: Vec<String> },
}

impl OutputKind {
    /// Whether a value is of this form; `null` is “no data” and always is.
    ///
    /// # Errors
    /// Why not, for the record of the run.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match (self, value) {
            (_, Value::Null) => Ok(()),
            (Self::Text { max_chars }, Value::String(text)) => {
                let length = text.chars().count();
                if length <= *max_chars as usize {
                    Ok(())
                } else {
                    Err(format!("{length} characters where {max_chars} are allowed"))
                }
            }
            (Self::Number { min, max }, Value::Number(number)) => match number.as_f64() {
                Some(n) if (*min..=*max).contains(&n) => Ok(()),
                _ => Err(format!("{number} is not between {min} and {max}")),
            },
            (Self::Choice { options }, Value::String(text)) if options.contains(text) => Ok(()),
            (Self::Choice { options }, Value::String(text)) => {
                Err(format!("“{text}” is not one of {}", options.join(", ")))
            }
            (Self::Text { .. } | Self::Choice { .. }, _) => Err("not a text".into()),
            (Self::Number { .. }, _) => Err("not a number".into()),
        }
    }

    /// Whether a field can hold every value of this form.
    pub fn fits(&self, field: &Field) -> bool {
        match (self, field.kind) {
            (Self::Text { .. }, FieldKind::Text) | (Self::Number { .. }, FieldKind::Number) => true,
            (Self::Choice { .. }, FieldKind::Text) => true,
            (Self::Choice { options }, FieldKind::Choice | FieldKind::MultiChoice) => {
                field.options.is_empty() || options.iter().all(|option| field.options.contains(option))
            }
            _ => false,
        }
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Text { max_chars } => {
                format!("text, up to {} characters", crate::page::grouped((*max_chars).into()))
            }
            Self::Number { min, max } => format!("number, {min} to {max}"),
            Self::Choice { options } => format!("one of {}", options.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Group;
    use serde_json::json;

    #[test]
    fn values_are_checked_against_their_form() {
        let text = OutputKind::Text { max_chars: 3 };
        let number = OutputKind::Number { min: 1.0, max: 5.0 };
        let choice = OutputKind::Choice { options: vec!["yes".into(), "no".into()] };
        for kind in [&text, &number, &choice] {
            assert_eq!(kind.check(&Value::Null), Ok(()));
            assert!(kind.check(&json!([])).is_err());
            assert!(kind.check(&json!({"value": 1})).is_err());
        }
        assert!(text.check(&json!("äöü")).is_ok());
        assert!(text.check(&json!("äöüß")).is_err());
        assert!(number.check(&json!(5)).is_ok());
        assert!(number.check(&json!(5.01)).is_err());
        assert!(number.check(&json!("5")).is_err());
        assert!(choice.check(&json!("yes")).is_ok());
        assert!(choice.check(&json!("Yes")).is_err());
    }

    #[test]
    fn an_output_fits_only_a_field_that_holds_all_its_values() {
        let field = |kind, options: &[&str]| Field {
            key: "f".into(),
            name: "F".into(),
            group: Group::Cx,
            kind,
            options: options.iter().map(|o| (*o).to_owned()).collect(),
        };
        let choice = OutputKind::Choice { options: vec!["yes".into(), "no".into()] };
        assert!(choice.fits(&field(FieldKind::Choice, &["yes", "no", "maybe"])));
        assert!(!choice.fits(&field(FieldKind::Choice, &["yes"])));
        assert!(!choice.fits(&field(FieldKind::Number, &[])));
        assert!(OutputKind::Text { max_chars: 9 }.fits(&field(FieldKind::Text, &[])));
        assert!(!OutputKind::Text { max_chars: 9 }.fits(&field(FieldKind::Date, &[])));
    }

    #[test]
    fn the_stored_form_is_stable() {
        let stored =
            json!({"attribute": "csat", "field": "csat", "kind": {"type": "number", "min": 1, "max": 5}});
        let output: Output = serde_json::from_value(stored).expect("an output");
        assert_eq!(output.kind, OutputKind::Number { min: 1.0, max: 5.0 });
    }
}
