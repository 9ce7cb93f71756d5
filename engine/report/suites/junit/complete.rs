//! Adds to the text of `junit-report` what it has no words for.

use super::JunitForm;
use super::cases::{self, Suite};
use quick_xml::events::{BytesCData, BytesStart, Event};
use quick_xml::{Reader, Writer};
use std::io;
use thinking_event::testing::{Outcome, TestRecord, Try};

type Result<T> = std::result::Result<T, quick_xml::Error>;

/// The same report, in lines, with totals, properties, tries that failed before, and places. Suites and their cases are those in `text`, in its order.
pub(super) fn complete(
    text: &[u8],
    suites: &[Suite<'_>],
    form: JunitForm,
    run: &[(String, String)],
) -> Result<Vec<u8>> {
    let mut reader = Reader::from_reader(text);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let mut rest = suites.iter();
    let mut records = [].iter();
    let mut current: Option<&TestRecord> = None;
    loop {
        match reader.read_event()? {
            Event::Eof => break,
            Event::Start(element) if element.name().as_ref() == b"testsuites" => {
                writer.write_event(Event::Start(totals(element, suites)))?;
            }
            Event::Empty(element) if element.name().as_ref() == b"testsuites" => {
                writer.write_event(Event::Empty(totals(element, suites)))?;
            }
            // Suites have a case at least.
            Event::Start(element) if element.name().as_ref() == b"testsuite" => {
                let suite = rest.next();
                let of: &[&TestRecord] = suite.map_or(&[], |suite| &suite.records);
                writer.write_event(Event::Start(suite_element(&element, of)?))?;
                properties(&mut writer, run)?;
                records = of.iter();
            }
            Event::Empty(element) if element.name().as_ref() == b"testcase" => {
                let Some(record) = records.next() else { continue };
                let element = case_element(element, record, form);
                if form == JunitForm::Strict && record.tries.len() < 2 {
                    writer.write_event(Event::Empty(element))?;
                    continue;
                }
                writer.write_event(Event::Start(element.borrow()))?;
                inside(&mut writer, record, form)?;
                writer.write_event(Event::End(element.to_end()))?;
            }
            Event::Start(element) if element.name().as_ref() == b"testcase" => {
                current = records.next().copied();
                let Some(record) = current else { continue };
                writer.write_event(Event::Start(case_element(element, record, form)))?;
                if form == JunitForm::Full {
                    properties(&mut writer, &cases::properties(record))?;
                }
            }
            Event::Start(element) if matches!(element.name().as_ref(), b"system-out" | b"system-err") => {
                // Tries stand before what was written.
                if let Some(record) = current.take() {
                    tries(&mut writer, record)?;
                }
                writer.write_event(Event::Start(element))?;
            }
            Event::End(element) if element.name().as_ref() == b"testcase" => {
                if let Some(record) = current.take() {
                    tries(&mut writer, record)?;
                }
                writer.write_event(Event::End(element))?;
            }
            other => writer.write_event(other)?,
        }
    }
    let mut text = writer.into_inner();
    text.push(b'\n');
    Ok(text)
}

/// What stands in a case that has nothing else.
fn inside(writer: &mut Writer<Vec<u8>>, record: &TestRecord, form: JunitForm) -> Result<()> {
    if form == JunitForm::Full {
        properties(writer, &cases::properties(record))?;
    }
    tries(writer, record)
}

fn totals<'a>(mut element: BytesStart<'a>, suites: &[Suite<'_>]) -> BytesStart<'a> {
    let all: Vec<&TestRecord> = suites.iter().flat_map(|suite| &suite.records).copied().collect();
    let failed = |record: &&&TestRecord| record.outcome.is_failure();
    let assertions = all.iter().filter(failed).filter(|record| record.last().is_some_and(cases::is_assertion)).count();
    let failures = all.iter().filter(failed).count();
    element.push_attribute(("name", "thinking test"));
    element.push_attribute(("tests", all.len().to_string().as_str()));
    element.push_attribute(("failures", assertions.to_string().as_str()));
    element.push_attribute(("errors", (failures - assertions).to_string().as_str()));
    element.push_attribute(("time", seconds(&all).as_str()));
    element
}

/// Skipped tests are counted, and the time has three digits, as schemas want.
fn suite_element(element: &BytesStart<'_>, records: &[&TestRecord]) -> Result<BytesStart<'static>> {
    let mut new = BytesStart::new("testsuite");
    for attribute in element.attributes() {
        let attribute = attribute?;
        if attribute.key.as_ref() != b"time" {
            new.push_attribute(attribute);
        }
    }
    let skipped = records.iter().filter(|record| record.outcome == Outcome::NotRun).count();
    new.push_attribute(("skipped", skipped.to_string().as_str()));
    new.push_attribute(("time", seconds(records).as_str()));
    // A suite may be written in several files; its tests say which then.
    let mut files: Vec<&str> = records.iter().map(|record| record.test.file.as_str()).collect();
    files.dedup();
    if let [file] = files[..] {
        new.push_attribute(("file", cases::attribute(file).as_str()));
    }
    Ok(new)
}

fn seconds(records: &[&TestRecord]) -> String {
    let micros: u64 = records.iter().map(|record| record.took()).sum();
    let millis = micros.saturating_add(500) / 1000;
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

fn case_element<'a>(mut element: BytesStart<'a>, record: &TestRecord, form: JunitForm) -> BytesStart<'a> {
    if form == JunitForm::Full {
        element.push_attribute(("line", record.test.line.to_string().as_str()));
    }
    element
}

fn properties(writer: &mut Writer<Vec<u8>>, all: &[(String, String)]) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let written = writer.create_element("properties").write_inner_content(|writer| {
        for (name, value) in all {
            let (name, value) = (cases::attribute(name), cases::attribute(value));
            let attributes = [("name", name.as_str()), ("value", value.as_str())];
            writer.create_element("property").with_attributes(attributes).write_empty()?;
        }
        Ok(())
    });
    written.map(drop).map_err(from_io)
}

/// The tries before the last one.
fn tries(writer: &mut Writer<Vec<u8>>, record: &TestRecord) -> Result<()> {
    let Some((_, before)) = record.tries.split_last() else { return Ok(()) };
    for one in before {
        let name = match (record.outcome == Outcome::Flaky, cases::is_assertion(one)) {
            (true, true) => "flakyFailure",
            (true, false) => "flakyError",
            (false, true) => "rerunFailure",
            (false, false) => "rerunError",
        };
        one_try(writer, name, one).map_err(from_io)?;
    }
    Ok(())
}

fn one_try(writer: &mut Writer<Vec<u8>>, name: &str, one: &Try) -> io::Result<()> {
    let message = cases::attribute(&crate::suites::words::reason(one));
    let kind = cases::attribute(cases::kind(Some(one)));
    let attributes = [("message", message.as_str()), ("type", kind.as_str())];
    writer.create_element(name).with_attributes(attributes).write_inner_content(|writer| {
        let texts = [
            ("stackTrace", cases::explanation(one)),
            ("system-out", cases::output(one, |line| line.source != thinking_event::testing::OutputSource::Stderr)),
            ("system-err", cases::output(one, |line| line.source == thinking_event::testing::OutputSource::Stderr)),
        ];
        for (name, text) in texts.iter().filter(|(_, text)| !text.is_empty()) {
            writer.create_element(*name).write_cdata_content(BytesCData::new(cases::cdata(text)))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn from_io(error: io::Error) -> quick_xml::Error {
    error.into()
}
