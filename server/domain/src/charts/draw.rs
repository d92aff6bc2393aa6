//! The only place that knows charts-rs.

use super::bridge::{self, reserved};
use super::{Kind, Spec, Unit};
use charts_rs::{BarChart, ChartBase, LineChart, MarkArea, MarkLine, MarkLineCategory, Symbol, YAxisConfig};

/// Text scales with a drawing, so there is one for wide places and one for phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    Wide,
    Narrow,
}

/// What a value is divided by for the axis, and the letter that says so: `f32` and long labels never meet.
fn scale(unit: Unit, most: i64) -> (f64, &'static str) {
    let steps: &[(i64, &str)] = match unit {
        Unit::Score => &[],
        Unit::Count(_) => &[(1_000_000_000, "{c} bn"), (1_000_000, "{c} m"), (10_000, "{c} k")],
        Unit::Bytes => &[(1 << 40, "{c} TB"), (1 << 30, "{c} GB"), (1 << 20, "{c} MB"), (1 << 10, "{c} kB")],
    };
    let plain = if unit == Unit::Bytes { "{c} B" } else { "{c}" };
    steps
        .iter()
        .find(|(from, _)| most >= *from)
        .map_or((1.0, plain), |(from, label)| (if *label == "{c} k" { 1000.0 } else { *from as f64 }, label))
}

pub(super) fn svg(spec: &Spec, size: Size) -> Result<String, &'static str> {
    let (width, height, word, view_box) = match size {
        Size::Wide => (640.0, 240.0, "wide", "0 0 640 240"),
        Size::Narrow => (340.0, 220.0, "narrow", "0 0 340 220"),
    };
    let most = spec.most();
    let limits = spec.drawn_thresholds();
    let top = limits.iter().map(|t| t.value).chain([most]).max().unwrap_or_default();
    let (factor, label) = scale(spec.unit, top);
    let drawn = |n: i64| (n as f64 / factor) as f32;

    let mut series: Vec<charts_rs::Series> = spec
        .series
        .iter()
        .map(|s| {
            charts_rs::Series::new_nullable(s.name.clone(), s.values.iter().map(|v| v.map(drawn)).collect())
        })
        .collect();
    let days = spec.days.iter().map(|day| day.format("%-d %b").to_string()).collect();
    if let Some(first) = series.first_mut() {
        first.mark_areas = spec
            .areas
            .iter()
            .map(|area| MarkArea {
                from: MarkLineCategory::Value(drawn(area.from)),
                to: MarkLineCategory::Value(drawn(area.to)),
                color: Some(reserved(bridge::place(area.ink))),
                opacity: Some(0.12),
            })
            .collect();
        first.mark_lines = limits
            .iter()
            .map(|t| MarkLine {
                category: MarkLineCategory::Value(drawn(t.value)),
                color: Some(reserved(bridge::place(t.ink))),
                stroke_width: Some(1.0),
                stroke_dash_array: Some("4,3".into()),
            })
            .collect();
    }
    let palette = spec.series.iter().map(|s| reserved(bridge::place(s.ink))).collect();
    let y = YAxisConfig {
        // Four steps of a score are its bands.
        split_number: if size == Size::Wide || spec.unit == Unit::Score { 4 } else { 3 },
        min: Some(0.0),
        max: match spec.unit {
            Unit::Score => Some(100.0),
            // An axis from 0 to 0 has no steps.
            _ if top == 0 => Some(1.0),
            _ => None,
        },
        formatter: Some(label.to_owned()),
        stroke_color: charts_rs::Color::transparent(),
        ..YAxisConfig::default()
    };
    let svg = match spec.kind {
        Kind::Line => {
            let mut chart = LineChart::new(series, days);
            dress(&mut chart.base, width, height, palette);
            chart.base.x_axis.boundary_gap = Some(false);
            // A single day has no line: it needs its point.
            let single = spec.series.iter().all(|s| s.values.iter().flatten().count() <= 1);
            chart.base.series.symbol = Some(if single {
                Symbol::Circle(3.0, Some(reserved(bridge::SURFACE)))
            } else {
                Symbol::None
            });
            chart.y_axis_configs = vec![merge(chart.y_axis_configs.first(), y)];
            chart.svg()
        }
        Kind::Columns => {
            let mut chart = BarChart::new(series, days);
            dress(&mut chart.base, width, height, palette);
            chart.y_axis_configs = vec![merge(chart.y_axis_configs.first(), y)];
            chart.svg()
        }
    }
    .map_err(|_| "the chart library refused")?;
    let svg = bridge::themed(&svg, spec.id, word, view_box, &spec.title)?;
    Ok(if spec.kind == Kind::Columns && spec.series.len() == 1 {
        widened(&svg, spec.days.len())
    } else {
        svg
    })
}

/// The library keeps five units free on both sides of a column, whatever its room: many days become hairlines. A column
/// of one series gets seven tenths of its day.
fn widened(svg: &str, days: usize) -> String {
    const AXIS: &str = r#"<g stroke="var(--border)"><path d="M"#;
    const SHARE: f32 = 0.7;
    let plot = svg.split_once(AXIS).and_then(|(_, axis)| axis.split_once('h')).and_then(|(_, width)| {
        width.split(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse::<f32>().ok()
    });
    let Some(width) = plot.map(|plot| plot / days.max(1) as f32 * SHARE) else { return svg.to_owned() };
    let mut out = String::with_capacity(svg.len() + 8 * days);
    for (at, part) in svg.split("<path").enumerate() {
        if at > 0 {
            out.push_str("<path");
        }
        match column(part, width) {
            Some(wider) => out.push_str(&wider),
            None => out.push_str(part),
        }
    }
    out
}

/// ` d="M27.7 112.7h1V186h-1z" … data-value="5"/>` around the same middle, `width` wide; `None` for anything else.
fn column(part: &str, width: f32) -> Option<String> {
    let tag = &part[..part.find('>')?];
    let (path, rest) = part.strip_prefix(" d=\"M")?.split_once('"')?;
    if !tag.contains("data-value=") {
        return None;
    }
    // Relative or absolute, whichever was shorter to write: `M27.7 112.7h1V186h-1z`, `M99.9 54H109v132h-9.1z`.
    let (corner, path) = path.split_at(path.find(['h', 'H'])?);
    let (across, down) = path.split_at(path.find(['v', 'V'])?);
    let down = &down[..down[1..].find(|c: char| c.is_ascii_alphabetic())? + 1];
    let (x, y) = corner.split_once(' ')?;
    let (x, to): (f32, f32) = (x.parse().ok()?, across[1..].parse().ok()?);
    let was = if across.starts_with('h') { to } else { to - x };
    if was >= width {
        return None;
    }
    let x = x + (was - width) / 2.0;
    Some(format!(" d=\"M{x:.1} {y}h{width:.1}{down}h-{width:.1}z\"{rest}"))
}

/// Ours where we say something, the theme's sizes elsewhere.
fn merge(theme: Option<&YAxisConfig>, ours: YAxisConfig) -> YAxisConfig {
    let mut axis = theme.cloned().unwrap_or_default();
    axis.split_number = ours.split_number;
    axis.min = ours.min;
    axis.max = ours.max;
    axis.formatter = ours.formatter;
    axis.stroke_color = ours.stroke_color;
    axis.font.size = 12.0;
    axis.font.color = reserved(bridge::TEXT_SUBTLE);
    axis
}

/// Every colour that the library could write, and none of its own furniture: title and legend are HTML.
fn dress(base: &mut ChartBase, width: f32, height: f32, palette: Vec<charts_rs::Color>) {
    base.width = width;
    base.height = height;
    base.margin = 4.0.into();
    // Half of the highest label stands above its line.
    base.margin.top = 10.0;
    base.background_color = charts_rs::Color::transparent();
    base.compact = true;
    base.legend.show = Some(false);
    base.legend.font.color = reserved(bridge::TEXT);
    base.title.text.clear();
    base.title.font.color = reserved(bridge::TEXT);
    base.sub_title.font.color = reserved(bridge::TEXT_SUBTLE);
    base.x_axis.font.size = 12.0;
    base.x_axis.font.color = reserved(bridge::TEXT_SUBTLE);
    base.x_axis.stroke_color = reserved(bridge::AXIS);
    base.grid.stroke_color = reserved(bridge::GRID);
    base.series.colors = palette;
    base.series.label.font.color = reserved(bridge::TEXT);
    base.series.label.font.size = 12.0;
    base.tooltip.show = false;
}

#[cfg(test)]
mod tests {
    use super::super::tests::spec;
    use super::super::{Area, Ink, Series, Threshold};
    use super::*;

    fn leftovers(svg: &str) -> Option<&str> {
        svg.match_indices("=\"#").next().map(|(at, _)| &svg[at..(at + 12).min(svg.len())])
    }

    fn rich(kind: Kind) -> Spec {
        let mut spec = spec(kind, &[Some(40), Some(80), None, Some(20), Some(90)]);
        for n in 2..8 {
            spec.series.push(Series {
                name: format!("series {n}"),
                ink: Ink::Series(n),
                values: vec![Some(i64::from(n)); 5],
            });
        }
        spec.areas =
            vec![Area { from: 0, to: 25, ink: Ink::Critical }, Area { from: 75, to: 100, ink: Ink::Healthy }];
        spec.thresholds = vec![Threshold { name: "limit".into(), value: 75, ink: Ink::Limit }];
        spec
    }

    #[test]
    fn no_colour_no_size_no_style_and_no_id_of_the_library_survives() {
        for kind in [Kind::Line, Kind::Columns] {
            for size in [Size::Wide, Size::Narrow] {
                let svg = svg(&rich(kind), size).expect("a drawing");
                assert_eq!(leftovers(&svg), None, "{svg}");
                for forbidden in ["rgb(", "style", "font-family", "<script", "currentColor"] {
                    assert!(!svg.contains(forbidden), "{forbidden} in {svg}");
                }
                assert_eq!(svg.matches(" id=").count(), 1, "the title's only");
                let root = &svg[..svg.find('>').expect("a tag")];
                assert!(!root.contains(" width=") && !root.contains(" height="), "{root}");
                assert!(svg.contains("var(--chart-1)") && svg.contains("var(--chart-limit)"), "{svg}");
                assert!(svg.len() < 14_000, "{}", svg.len());
            }
        }
    }

    #[test]
    fn markup_in_a_name_is_text() {
        for kind in [Kind::Line, Kind::Columns] {
            let mut spec = spec(kind, &[Some(1), Some(2)]);
            let evil = "\"><script>alert(1)</script>&<b x=\"#C0DE01\">";
            spec.title = evil.into();
            spec.series[0].name = evil.into();
            spec.thresholds = vec![Threshold { name: evil.into(), value: 2, ink: Ink::Limit }];
            let figure = spec.figure();
            for svg in [figure.wide.expect("wide"), figure.narrow.expect("narrow")] {
                assert!(!svg.contains("<script") && !svg.contains("<b "), "{svg}");
            }
        }
    }

    #[test]
    fn large_numbers_are_scaled_before_they_are_drawn() {
        assert_eq!(scale(Unit::Count("x"), 9_999), (1.0, "{c}"));
        assert_eq!(scale(Unit::Count("x"), 10_000), (1000.0, "{c} k"));
        assert_eq!(scale(Unit::Count("x"), 123_456_789_012), (1e9, "{c} bn"));
        assert_eq!(scale(Unit::Bytes, 3 << 20), (1_048_576.0, "{c} MB"));
        let svg = svg(&spec(Kind::Columns, &[Some(123_456_789_012)]), Size::Wide).expect("a drawing");
        assert!(svg.contains(" bn<"), "{svg}");
    }

    #[test]
    fn a_score_is_marked_at_its_bands_whatever_the_size_and_levels_have_no_arrows() {
        for size in [Size::Wide, Size::Narrow] {
            let svg = svg(&rich(Kind::Line), size).expect("a drawing");
            for tick in [">0<", ">25<", ">50<", ">75<", ">100<"] {
                assert!(svg.contains(tick), "{tick} in {svg}");
            }
            assert!(svg.contains("stroke-dasharray"), "the level itself is drawn");
            assert!(!svg.contains("<circle") && !svg.contains("15 5-15 5z"), "{svg}");
        }
    }

    #[test]
    fn columns_of_a_month_are_no_hairlines() {
        let days: Vec<_> = (1..=30).map(|day| Some(day * 37 % 101)).collect();
        for (size, least) in [(Size::Narrow, 6.0), (Size::Wide, 13.0)] {
            let svg = svg(&spec(Kind::Columns, &days), size).expect("a drawing");
            let bars: Vec<&str> = svg.split("<path").filter(|path| path.contains("data-value=")).collect();
            assert_eq!(bars.len(), 30);
            for bar in bars {
                let width = bar.split_once('h').and_then(|(_, rest)| rest.split(['v', 'V']).next());
                let width: f32 = width.and_then(|width| width.parse().ok()).expect("a width");
                assert!((least..least * 1.5).contains(&width), "{bar}");
            }
        }
    }

    #[test]
    fn zeros_and_a_single_day_can_be_drawn() {
        assert!(svg(&spec(Kind::Columns, &[Some(0), Some(0)]), Size::Wide).is_ok());
        for one in [&[Some(72)][..], &[None, None, Some(72)]] {
            assert!(
                svg(&spec(Kind::Line, one), Size::Narrow).expect("a drawing").contains("<circle"),
                "{one:?}"
            );
        }
    }
}
