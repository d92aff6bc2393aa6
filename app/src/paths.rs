//! The only place where the addresses of pages are spelled.

pub const SIGN_IN: &str = "/sign-in";
pub const OVERVIEW: &str = "/overview";
pub const TENANTS: &str = "/tenants";
pub const TENANTS_IMPORT: &str = "/tenants/import";
pub const HEALTH: &str = "/health";
pub const AUDIT: &str = "/audit";
pub const GALLERY: &str = "/dev/gallery";

/// A tenant's page; `section` is one of the fixed names (`overview` is the bare address).
pub fn tenant(slug: &str, section: &str) -> String {
    if section.is_empty() || section == "overview" {
        format!("/tenants/{slug}")
    } else {
        format!("/tenants/{slug}/{section}")
    }
}
