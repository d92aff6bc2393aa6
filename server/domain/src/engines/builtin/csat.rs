//! Customer satisfaction, estimated from the course of feeling and the signs of how it went.

use super::outcome::Ending;
use super::sentiment::{self, Course};
use super::signs::{Sign, Signs};
use super::text::{At, Talk};

/// An estimate on the scale 1 (very dissatisfied) to 5 (very satisfied), not yet rounded.
pub(super) struct Estimate {
    pub points: f32,
    /// 0 to 1.
    pub confidence: f32,
    /// Each reason with its points.
    pub reasons: Vec<String>,
}

/// `None` without any evidence: a middling number would be made up.
pub(super) fn estimate(
    talk: &Talk<'_>,
    signs: &Signs,
    course: &Course<'_>,
    ending: &Ending,
) -> Option<Estimate> {
    let mut sum = Sum { talk, points: 3.0, reasons: Vec::new() };
    if !course.feelings.is_empty() {
        let feeling = 1.1 * course.overall + 0.5 * course.end;
        let cited = sentiment::evidence(talk, course, 2);
        sum.points += feeling;
        sum.reasons.push(format!("feeling {feeling:+.1} from {cited}"));
    }
    sum.add_ending(ending);
    sum.add_sign(signs, Sign::Praise, 0.5, 1, "praise");
    sum.add_sign(signs, Sign::Complaint, -0.6, 3, "complaint");
    sum.add_failures(signs, ending);
    sum.add_sign(signs, Sign::Unsolved, -0.4, 1, "not helped");
    if sum.reasons.is_empty() {
        return None;
    }
    let evidence = sum.reasons.len().min(4) as f32;
    Some(Estimate {
        points: sum.points.clamp(1.0, 5.0),
        confidence: 0.25 + 0.1 * evidence + 0.15 * (sum.points - 3.0).abs().min(2.0),
        reasons: sum.reasons,
    })
}

struct Sum<'t, 'a> {
    talk: &'t Talk<'a>,
    points: f32,
    reasons: Vec<String>,
}

impl Sum<'_, '_> {
    fn add_ending(&mut self, ending: &Ending) {
        let points = match ending.label {
            // Without thanks or a report of success, a close tells little.
            Some("resolved") => 0.6 * ending.confidence,
            Some("unresolved" | "escalated") => -1.0,
            Some(_) => -0.6,
            None => return,
        };
        if let (Some(label), Some(at)) = (ending.label, ending.at) {
            self.add(points, label, at);
        }
    }

    /// `points` for each occurrence up to `most`, citing the last.
    fn add_sign(&mut self, signs: &Signs, sign: Sign, points: f32, most: usize, name: &str) {
        if let Some(at) = signs.last(sign) {
            self.add(points * signs.count(sign).min(most) as f32, name, at);
        }
    }

    /// Failures other than the one that already counts as the ending.
    fn add_failures(&mut self, signs: &Signs, ending: &Ending) {
        let others = || signs.all(Sign::Failed).filter(|at| ending.at != Some(*at));
        if let Some(at) = others().next_back() {
            self.add(-0.25 * others().count().min(2) as f32, "failure on the way", at);
        }
    }

    fn add(&mut self, points: f32, name: &str, at: At) {
        self.points += points;
        self.reasons.push(format!("{name} {points:+.1} from {}", self.talk.cite(at)));
    }
}

/// `points` (1 to 5) moved to the whole number that stands there on `low..=high`.
pub(super) fn rescale(points: f32, low: f64, high: f64) -> f64 {
    let share = (f64::from(points) - 1.0) / 4.0;
    (low + share * (high - low)).round().clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rescale_keeps_the_ends() {
        assert_eq!((rescale(1.0, 1.0, 10.0), rescale(5.0, 1.0, 10.0)), (1.0, 10.0));
        assert_eq!((rescale(3.0, 1.0, 5.0), rescale(3.0, 0.0, 100.0)), (3.0, 50.0));
        assert_eq!(rescale(4.6, 1.0, 5.0), 5.0);
    }
}
