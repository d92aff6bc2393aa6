//! The design system's components. Markup follows `style/README.md`; they know words of `model` (statuses, bands,
//! stages, plans) so that each is shown in one way, and nothing of its rules. `/dev/gallery` shows all of them.

mod badge;
mod button;
mod chart;
mod confirm;
mod copy;
mod diff;
mod empty;
mod enhance;
mod field;
mod filter;
mod form;
mod format;
mod icon;
pub(crate) mod keys;
mod kind;
mod load;
mod markup;
mod menu;
mod meter;
mod page;
mod palette;
mod request;
mod score;
mod steps;
mod table;
mod time;
mod track;
mod typed;
mod url;

pub use badge::{
    Badge, BandBadge, Count, Origin, OverriddenTag, PlanTag, Provenance, StatusBadge, StatusDetail, Tag,
    band_look, initials, status_look, status_text,
};
pub use button::{Actions, Button, DisabledButton, LinkButton};
pub use chart::{Figure, Ratio};
pub use confirm::{ConfirmPage, Consequence, Tier};
pub use copy::{Copy, ShownOnce};
pub use diff::{DiffRow, DiffState, DiffTable, Piece, PieceDiff, ProseDiff, words};
pub use empty::{Banner, Empty, EmptyKind};
pub use enhance::Enhance;
pub use field::{
    Checkbox, CheckboxGroup, Choice, FieldSet, Hidden, RadioCards, SelectField, Switch, TextArea, TextField,
};
pub use filter::{Chip, Chips, FilterBar, FilterGroup, ViewsNav, left_out};
pub use form::{FORM_NAME, FlashBanner, Form, FormState, SummaryOf, Typed, form_answer, form_state};
pub use format::{bytes, compact, grouped, percent};
pub use icon::{Icon, icon};
pub use kind::{FieldWidth, Kind, Size, Tone, Width};
pub use load::{Headed, Load};
pub use markup::Markup;
pub use menu::{Menu, MenuDisabled, MenuForm, MenuLink, MenuRule};
pub use meter::{Level, QuotaRow};
pub use page::{
    Breadcrumbs, Card, Cols, Grid, KpiCard, Kpis, Meta, NavItem, PageHeader, Props, Row, Section, SectionNav,
    Stack,
};
pub use palette::Palette;
pub use request::{density, keys_off, param, query, status, theme};
pub use score::{Delta, Score, ScoreInline, Spark, score_text};
pub use steps::{Step, StepState, Steps, Timeline, TimelineItem};
pub use table::{DataTable, Pagination, SortHeader, Th, ZeroRow};
pub use time::{Countdown, MaybeWhen, When, absolute, day, days_left, now, plural, relative, span};
pub use track::{Segment, StageNote, StageTrack, Stages, segments};
pub use url::Query;
