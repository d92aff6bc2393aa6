//! What is on record about a tenant beside its status and its plan: name, domain, external id, tags, owner, and the like.
//!
//! What others hang on cannot be changed and is no part of it: the slug (addresses and keys), the region (where its data
//! is), the placement.

use crate::UserId;
use crate::permission::Role;
use crate::tenants::TenantHead;
use crate::validate;
use serde::{Deserialize, Serialize};

/// The most tags of one tenant.
pub const TAGS_MAX: usize = 10;
/// The longest billing reference.
pub const BILLING_REFERENCE_MAX: u32 = 100;
/// The longest reason of a change.
pub const REASON_MAX: u32 = 2_000;
/// In a form: nobody looks after it.
pub const NOBODY: &str = "nobody";

/// Whether somebody with this role may look after tenants: who acts for the platform. Auditors change nothing.
pub const fn may_own(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Operator | Role::Success)
}

/// Somebody who may look after tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub id: UserId,
    pub name: String,
    pub role: Role,
}

/// The form, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailsInput {
    pub name: String,
    pub domain: String,
    pub external_id: String,
    pub country: String,
    pub industry: String,
    /// By commas.
    pub tags: String,
    /// The id of a person, [`NOBODY`], or empty, which is nobody as well.
    pub owner: String,
    pub reason: String,
}

/// The page of the details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub head: TenantHead,
    /// Whom the form offers; empty for whoever may not change anything.
    pub owners: Vec<Owner>,
    pub may_change: bool,
}

/// The tags of a text, by commas.
pub fn split_tags(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Tags as they are kept: in lower case, each once, in the order given.
///
/// # Errors
/// Why one of them cannot be a tag.
pub fn clean_tags(tags: &[String]) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    for tag in tags.iter().map(|tag| tag.trim().to_lowercase()).filter(|tag| !tag.is_empty()) {
        validate::line(&tag, "A tag", 30)?;
        if !out.contains(&tag) {
            out.push(tag);
        }
    }
    if out.len() > TAGS_MAX { Err(format!("A tenant may have {TAGS_MAX} tags at most.")) } else { Ok(out) }
}

/// These tags without some and with others, in their order.
pub fn retag(now: &[String], add: &[String], remove: &[String]) -> Vec<String> {
    let mut tags: Vec<String> = now.iter().filter(|tag| !remove.contains(tag)).cloned().collect();
    for tag in add {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// An owner of a form.
///
/// # Errors
/// For a text that is no id.
pub fn owner(text: &str) -> Result<Option<UserId>, String> {
    match text.trim() {
        "" | NOBODY => Ok(None),
        id => id.parse().map(Some).map_err(|_| "Choose somebody of the list.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn tags_are_lower_case_and_stand_once() {
        assert_eq!(split_tags(" VIP, ,emea,"), ["VIP", "emea"]);
        assert_eq!(clean_tags(&list(&["VIP", "emea", "vip "])), Ok(list(&["vip", "emea"])));
        assert!(clean_tags(&list(&["x\u{202E}"])).is_err());
        let many: Vec<String> = (0..11).map(|n| n.to_string()).collect();
        assert_eq!(clean_tags(&many), Err("A tenant may have 10 tags at most.".to_owned()));
    }

    #[test]
    fn tags_come_and_go_in_their_order() {
        let now = list(&["a", "b", "c"]);
        assert_eq!(retag(&now, &list(&["d", "a"]), &list(&["b"])), ["a", "c", "d"]);
        assert_eq!(retag(&now, &[], &list(&["x"])), now);
    }

    #[test]
    fn who_acts_for_the_platform_may_own() {
        let may: Vec<_> = Role::ALL.iter().filter(|role| may_own(**role)).map(|role| role.as_str()).collect();
        assert_eq!(may, ["owner", "operator", "success"]);
        assert_eq!(owner("nobody"), Ok(None));
        assert!(owner("ada").is_err());
    }
}
