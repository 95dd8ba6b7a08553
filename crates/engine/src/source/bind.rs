//! Our fields and their columns: found once in the header, used for every row.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rollbook_core::id::WorkerNumber;
use rollbook_core::worker::{PersonName, Placement, WorkerRecord};

use crate::config::SourceConfig;
use crate::error::Result;
use crate::table::{Header, Row};

/// Where the columns of a source lie in this delivery.
pub(super) struct Bound {
    number: usize,
    kind: Option<usize>,
    starts: Option<usize>,
    ends: Option<usize>,
    birth_date: Option<usize>,
    country: Option<usize>,
    work_email: Option<usize>,
    private_email: Option<usize>,
    login: Option<usize>,
    manager: Option<usize>,
    name: Name,
    place: Place,
    attributes: Vec<(String, usize)>,
    used: BTreeSet<usize>,
}

struct Name {
    given: Option<usize>,
    initials: Option<usize>,
    used: Option<usize>,
    prefix: Option<usize>,
    family: Option<usize>,
    second_family: Option<usize>,
    partner: Option<usize>,
    usage: Option<usize>,
    family_in_use: Option<usize>,
    display: Option<usize>,
    title_before: Option<usize>,
    title_after: Option<usize>,
}

struct Place {
    unit: Option<usize>,
    job_title: Option<usize>,
    job_family: Option<usize>,
    location: Option<usize>,
    site: Option<usize>,
    legal_entity: Option<usize>,
    cost_centre: Option<usize>,
    supplying_firm: Option<usize>,
}

impl Bound {
    /// Finds every mapped column.
    pub(super) fn new(config: &SourceConfig, header: &Header) -> Result<Self> {
        let columns = &config.columns;
        let mut used = BTreeSet::new();
        let mut find = |ours: &str, theirs: &Option<String>| {
            let place = header.place_if(ours, theirs.as_ref())?;
            used.extend(place);
            Ok(place)
        };
        let name = Name::new(config, &mut find)?;
        let place = Place::new(config, &mut find)?;
        let mut bound = Self {
            number: header.place("number", &columns.number)?,
            kind: find("kind", &columns.kind)?,
            starts: find("starts", &columns.starts)?,
            ends: find("ends", &columns.ends)?,
            birth_date: find("birth_date", &columns.birth_date)?,
            country: find("country", &columns.country)?,
            work_email: find("work_email", &columns.work_email)?,
            private_email: find("private_email", &columns.private_email)?,
            login: find("login", &columns.login)?,
            manager: find("manager", &columns.manager)?,
            name,
            place,
            attributes: Vec::new(),
            used: BTreeSet::new(),
        };
        for (ours, theirs) in &config.attributes {
            let place = header.place(ours, theirs)?;
            bound.attributes.push((ours.clone(), place));
            used.insert(place);
        }
        used.insert(bound.number);
        bound.used = used;
        Ok(bound)
    }

    /// The columns that nothing is mapped to.
    pub(super) fn unused(&self, header: &Header) -> Vec<String> {
        let names = header.names().iter().enumerate();
        let unused = names.filter(|(at, _)| !self.used.contains(at));
        unused.map(|(_, name)| name.trim().to_owned()).collect()
    }

    /// What a row says about keys and days, without a copy of anything.
    pub(super) fn outline<'a>(
        &'a self,
        config: &'a SourceConfig,
        row: &'a Row<'a>,
    ) -> Result<Outline<'a>> {
        // White space around a number is not part of it; what is inside stays as it is.
        let number = row.cell(self.number).trim();
        if number.is_empty() {
            let said = "the worker number is empty, so nobody can say whose record this is.";
            return Err(row.wrong(self.number, said));
        }
        let (starts, ends) = row.period(self.starts, self.ends, &config.format)?;
        let kind = match row.cell_if(self.kind).trim() {
            "" => &config.default_kind,
            kind => kind,
        };
        Ok(Outline { number, kind, starts, ends, row, bound: self, config })
    }

    /// The record that a row says.
    pub(super) fn record(&self, config: &SourceConfig, row: &Row<'_>) -> Result<WorkerRecord> {
        let Outline { number, kind, starts, ends, .. } = self.outline(config, row)?;
        let list = |place| {
            row.list(place, &config.format.list_separator).map(str::to_owned).collect::<Vec<_>>()
        };
        let attributes = self.attributes.iter();
        Ok(WorkerRecord {
            source: config.name.clone(),
            number: WorkerNumber::from(number),
            kind: kind.to_owned(),
            starts,
            ends,
            name: self.name.read(row),
            birth_date: row.day(self.birth_date, &config.format)?,
            country: row.cell_if(self.country).to_owned(),
            work_emails: list(self.work_email),
            private_emails: list(self.private_email),
            logins: list(self.login),
            placement: self.place.read(row, self.manager),
            attributes: attributes
                .map(|(ours, place)| (ours.clone(), row.cell(*place)))
                .filter(|(_, value)| !value.is_empty())
                .map(|(ours, value)| (ours, value.to_owned()))
                .collect(),
        })
    }
}

/// What a row says about keys and days, read in place.
#[derive(Clone, Copy)]
pub struct Outline<'a> {
    /// The worker number.
    pub number: &'a str,
    /// The kind of record.
    pub kind: &'a str,
    /// The first day.
    pub starts: Option<Date>,
    /// The first day on which it no longer holds.
    pub ends: Option<Date>,
    row: &'a Row<'a>,
    bound: &'a Bound,
    config: &'a SourceConfig,
}

impl<'a> Outline<'a> {
    /// The organisational unit, or empty text.
    pub fn unit(&self) -> &'a str {
        self.row.cell_if(self.bound.place.unit)
    }

    /// Addresses that the employer gave.
    pub fn work_emails(&self) -> impl Iterator<Item = &'a str> {
        self.row.list(self.bound.work_email, &self.config.format.list_separator)
    }

    /// Login names that the source knows.
    pub fn logins(&self) -> impl Iterator<Item = &'a str> {
        self.row.list(self.bound.login, &self.config.format.list_separator)
    }
}

/// Finds the place of one column.
type Find<'a> = dyn FnMut(&str, &Option<String>) -> Result<Option<usize>> + 'a;

impl Name {
    fn new(config: &SourceConfig, find: &mut Find<'_>) -> Result<Self> {
        let columns = &config.columns;
        Ok(Self {
            given: find("given", &columns.given)?,
            initials: find("initials", &columns.initials)?,
            used: find("used", &columns.used)?,
            prefix: find("prefix", &columns.prefix)?,
            family: find("family", &columns.family)?,
            second_family: find("second_family", &columns.second_family)?,
            partner: find("partner", &columns.partner)?,
            usage: find("usage", &columns.usage)?,
            family_in_use: find("family_in_use", &columns.family_in_use)?,
            display: find("display", &columns.display)?,
            title_before: find("title_before", &columns.title_before)?,
            title_after: find("title_after", &columns.title_after)?,
        })
    }

    fn read(&self, row: &Row<'_>) -> PersonName {
        let text = |place| row.cell_if(place).to_owned();
        PersonName {
            given: text(self.given),
            initials: text(self.initials),
            used: text(self.used),
            prefix: text(self.prefix),
            family: text(self.family),
            second_family: text(self.second_family),
            partner: text(self.partner),
            usage: text(self.usage),
            family_in_use: text(self.family_in_use),
            display: text(self.display),
            title_before: text(self.title_before),
            title_after: text(self.title_after),
        }
    }
}

impl Place {
    fn new(config: &SourceConfig, find: &mut Find<'_>) -> Result<Self> {
        let columns = &config.columns;
        Ok(Self {
            unit: find("unit", &columns.unit)?,
            job_title: find("job_title", &columns.job_title)?,
            job_family: find("job_family", &columns.job_family)?,
            location: find("location", &columns.location)?,
            site: find("site", &columns.site)?,
            legal_entity: find("legal_entity", &columns.legal_entity)?,
            cost_centre: find("cost_centre", &columns.cost_centre)?,
            supplying_firm: find("supplying_firm", &columns.supplying_firm)?,
        })
    }

    fn read(&self, row: &Row<'_>, manager: Option<usize>) -> Placement {
        let text = |place| row.cell_if(place).to_owned();
        let manager = row.cell_if(manager).trim();
        Placement {
            unit: text(self.unit),
            job_title: text(self.job_title),
            job_family: text(self.job_family),
            location: text(self.location),
            site: text(self.site),
            legal_entity: text(self.legal_entity),
            cost_centre: text(self.cost_centre),
            supplying_firm: text(self.supplying_firm),
            manager: (!manager.is_empty()).then(|| WorkerNumber::from(manager)),
        }
    }
}
