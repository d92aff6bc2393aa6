//! The form that asks for a preview, and what it is understood as.

use super::{Action, MESSAGE_MAX, TICKED_MAX, Whom, Work};
use crate::UserId;
use crate::details;
use crate::validate::{FieldErrors, optional, word};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The form that asks for a preview, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkInput {
    /// A word of [`Action`].
    pub action: String,
    /// A word of [`Whom`].
    pub whom: String,
    /// The query of the list that it was chosen in, without its page.
    pub list: String,
    /// When that list was shown (RFC 3339).
    pub at: String,
    /// Slugs of those ticked, by spaces or commas.
    pub tenants: String,
    /// Of a suspension.
    pub code: String,
    pub scope: String,
    pub message: String,
    /// Of a plan change.
    pub plan: String,
    /// Of a template: `key.version`.
    pub to: String,
    /// The id of a person, or [`details::NOBODY`].
    pub owner: String,
    /// Tags by commas.
    pub add: String,
    pub remove: String,
}

/// [`BulkInput`] as far as it can be understood without looking anything up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkDraft {
    pub whom: Whom,
    pub list: String,
    pub at: DateTime<Utc>,
    pub tenants: Vec<String>,
    pub asked: Asked,
}

/// What a form asks for, before the template is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Work(Work),
    /// Key and version.
    Template(String, i32),
    /// Somebody, or nobody.
    Owner(Option<UserId>),
}

impl BulkInput {
    /// # Errors
    /// All that is wrong, field by field.
    pub fn validate(&self) -> Result<BulkDraft, FieldErrors> {
        let mut errors = FieldErrors::default();
        let action = errors.take("action", word::<Action>(&self.action, "What is to be done"));
        let whom = errors.take("whom", word::<Whom>(&self.whom, "Whom it reaches"));
        let at = self.at.parse::<DateTime<Utc>>().map_err(|_| {
            "It is not known when the list was shown. Go back to the list and choose again.".to_owned()
        });
        let at = errors.take("whom", at);
        let mut tenants: Vec<String> = Vec::new();
        for slug in self.tenants.split([',', ' ', '\n', '\r', '\t']).filter(|slug| !slug.is_empty()) {
            if !tenants.iter().any(|known| known == slug) {
                tenants.push(slug.to_owned());
            }
        }
        if whom == Some(Whom::Ticked) && tenants.is_empty() {
            errors.add("whom", "No tenant is ticked. Go back to the list and tick some.");
        } else if tenants.len() > TICKED_MAX {
            let most = format!("More than {TICKED_MAX} cannot be ticked. Filter, and take all that match.");
            errors.add("whom", most);
        }
        let asked = action.and_then(|action| self.asked(action, &mut errors));
        match (whom, at, asked) {
            (Some(whom), Some(at), Some(asked)) if errors.is_empty() => {
                Ok(BulkDraft { whom, list: self.list.clone(), at, tenants, asked })
            }
            _ => Err(errors),
        }
    }

    fn asked(&self, action: Action, errors: &mut FieldErrors) -> Option<Asked> {
        match action {
            Action::Suspend => {
                let code = errors.take("code", word(&self.code, "A reason"));
                let scope = errors.take("scope", word(&self.scope, "How far it goes"));
                let message = errors.take("message", optional(&self.message, "A message", MESSAGE_MAX));
                Some(Asked::Work(Work::Suspend { code: code?, scope: scope?, message: message? }))
            }
            Action::Reinstate => Some(Asked::Work(Work::Reinstate)),
            Action::ChangePlan => {
                let to = errors.take("plan", word(&self.plan, "A plan"))?;
                Some(Asked::Work(Work::ChangePlan { to }))
            }
            Action::ApplyTemplate => {
                let parts = self.to.rsplit_once('.').and_then(|(key, n)| Some((key, n.parse().ok()?)));
                let parts = parts.ok_or_else(|| "Choose a template.".to_owned());
                let (key, version) = errors.take("to", parts)?;
                Some(Asked::Template(key.to_owned(), version))
            }
            Action::SetOwner if self.owner.trim().is_empty() => {
                errors.add("owner", "Choose an owner.");
                None
            }
            Action::SetOwner => errors.take("owner", details::owner(&self.owner)).map(Asked::Owner),
            Action::ChangeTags => {
                let add = errors.take("add", details::clean_tags(&details::split_tags(&self.add)));
                let remove = errors.take("remove", details::clean_tags(&details::split_tags(&self.remove)));
                let (add, remove) = (add?, remove?);
                if add.is_empty() && remove.is_empty() {
                    errors.add("add", "Name a tag to add, or one to remove.");
                }
                if let Some(both) = add.iter().find(|tag| remove.contains(tag)) {
                    errors.add("remove", format!("“{both}” cannot be added and removed at once."));
                }
                Some(Asked::Work(Work::ChangeTags { add, remove }))
            }
        }
    }
}
