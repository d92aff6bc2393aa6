//! The closed words of the design system. Each is one value of a data attribute in `style/README.md`.

/// What a thing says by its colour; a word always says it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    Info,
    Success,
    Warning,
    Orange,
    Danger,
    /// "Differs from the default" and nothing else.
    Override,
}

impl Tone {
    pub const ALL: [Self; 7] =
        [Self::Neutral, Self::Info, Self::Success, Self::Warning, Self::Orange, Self::Danger, Self::Override];

    /// The value of `data-tone`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Orange => "orange",
            Self::Danger => "danger",
            Self::Override => "override",
        }
    }

    /// The tone of a word, as the flash cookie carries it; an unknown word is information.
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|tone| tone.as_str() == word).unwrap_or(Self::Info)
    }

    /// The icon of a banner in this tone.
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Neutral | Self::Info => "info",
            Self::Success => "check-circle",
            Self::Warning | Self::Orange => "alert-triangle",
            Self::Danger => "octagon-x",
            Self::Override => "diamond",
        }
    }

    /// `alert` interrupts a screen reader; only what asks for action may.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Warning | Self::Orange | Self::Danger => "alert",
            _ => "status",
        }
    }
}

/// The weight of a button. At most one `Primary` (or `Danger`) in a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Default,
    Primary,
    Quiet,
    Danger,
    DangerQuiet,
    Link,
}

impl Kind {
    /// The value of `data-kind`; the default has none.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Default => None,
            Self::Primary => Some("primary"),
            Self::Quiet => Some("quiet"),
            Self::Danger => Some("danger"),
            Self::DangerQuiet => Some("danger-quiet"),
            Self::Link => Some("link"),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    Small,
    #[default]
    Medium,
    Large,
    ExtraLarge,
}

impl Size {
    /// The value of `data-size`; medium has none.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Small => Some("sm"),
            Self::Medium => None,
            Self::Large => Some("lg"),
            Self::ExtraLarge => Some("xl"),
        }
    }
}

/// How wide a field is: 8, 16 or 32 characters, or all there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldWidth {
    Xs,
    Sm,
    Md,
    #[default]
    Full,
}

impl FieldWidth {
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Xs => Some("xs"),
            Self::Sm => Some("sm"),
            Self::Md => Some("md"),
            Self::Full => None,
        }
    }
}

/// How wide the content of a page is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// Lists.
    #[default]
    Full,
    /// A detail page, 1200 px.
    Detail,
    /// A form, 720 px.
    Form,
    /// Running text, 68 characters.
    Reading,
}

impl Width {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Detail => "detail",
            Self::Form => "form",
            Self::Reading => "reading",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_by_its_word_and_an_unknown_word_is_harmless() {
        for tone in Tone::ALL {
            assert_eq!(Tone::of(tone.as_str()), tone);
        }
        assert_eq!(Tone::of("<script>"), Tone::Info);
    }
}
