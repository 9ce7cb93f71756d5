//! One try of a step: templates, outputs aside, the body, outputs in place.

use crate::decide::{Place, RetryPolicy};
use crate::executor::{Attempt, AttemptSpec, BodySpec, ExecSpec, Executor, InlineExecutor, Standing};
use crate::host::{Deadline, Role, RunHost};
use crate::leftover::Leftover;
use crate::outputs::{self, Aside};
use crate::process::ProcessExecutor;
use crate::reads::hex;
use crate::scratch;
use crate::world::World;
use crate::{Stop, inputs, wait};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thinking_event::Event;
use thinking_plan::{Body, Exec, StdoutAs, Step, Task};
use thinking_step::{Access, Class, ErrorKind, Host, Program, StepError, Value};
use thinking_store::Token;

/// Where attempts run.
#[derive(Default)]
pub(crate) struct Executors {
    inline: InlineExecutor,
    process: ProcessExecutor,
}

impl Executors {
    /// For a walk on the state in that directory.
    pub(crate) fn new(state_directory: &Path) -> Self {
        Self { process: ProcessExecutor::recording(state_directory.to_owned()), ..Self::default() }
    }
}

/// What a successful try left.
pub(crate) struct Made {
    pub result: Value,
    /// Paths as recorded, and digests.
    pub outputs: Vec<(String, String)>,
    /// Earlier outputs, to be dropped when the commit is durable.
    pub aside: Option<Aside>,
}

/// A read-only host whose looks are not recorded: for what does not change what a step makes.
pub(crate) fn side_host(world: &Arc<World>, place: &Place) -> Arc<dyn Host> {
    let view = world.head().view.clone();
    Arc::new(RunHost::new(world.clone(), place.clone(), view, Role::Expression, None))
}

/// The task's own timeout, evaluated.
pub(crate) fn timeout(world: &Arc<World>, place: &Place) -> Result<Option<Duration>, StepError> {
    let Some(timeout) = &world.plan.task(place.task).timeout else { return Ok(None) };
    if let thinking_plan::Setting::Fixed(timeout) = timeout {
        return Ok(Some(*timeout));
    }
    let host = side_host(world, place);
    timeout.get(&|program: &Arc<dyn Program>| program.eval(&host)).map(Some)
}

/// The task's `retry`, evaluated.
pub(crate) fn retry_policy(world: &Arc<World>, place: &Place) -> Result<Option<RetryPolicy>, StepError> {
    let Some(retry) = &world.plan.task(place.task).retry else { return Ok(None) };
    let host = side_host(world, place);
    let run = |program: &Arc<dyn Program>| program.eval(&host);
    Ok(Some(RetryPolicy {
        tries: retry.tries.get(&run)?,
        backoff: retry.backoff.get(&run)?,
        initial: retry.initial.get(&run)?,
        max: retry.max.as_ref().map(|max| max.get(&run)).transpose()?,
        jitter: retry.jitter.get(&run)?,
        on: retry.on.clone(),
    }))
}

/// Tries a step. On failure everything outside that the engine answers for is as before.
pub(crate) fn attempt(
    world: &Arc<World>,
    executors: &Executors,
    place: &Place,
    (task, step): (&Task, &Step),
    host: &Arc<RunHost>,
    (token, number): (Token, u32),
    leftover: Option<&Leftover>,
) -> Result<Made, StepError> {
    if let Body::Wait(wait) = &step.body {
        wait::stay(world, place, wait, host, token)?;
        return Ok(Made { result: Value::Null, outputs: Vec::new(), aside: None });
    }
    let dynamic: Arc<dyn Host> = host.clone();
    let run = |program: &Arc<dyn Program>| program.eval(&dynamic);
    let mut paths = Vec::new();
    for output in &step.outputs {
        let text = output.text(&run)?;
        let path = world.plan.permissions.resolve(Path::new(&text));
        if path.starts_with(&world.state_directory) {
            let error = StepError::new(ErrorKind::Permission, format!("output `{text}` lies in the state's directory"));
            return Err(error.at(output.span));
        }
        if let Some(secret) = world.mask.find_path(world.plan.permissions.root(), &path) {
            return Err(inputs::recorded_path(secret).at(output.span));
        }
        paths.push((text, path));
    }
    if let Some(leftover) = leftover {
        let again: Vec<String> = paths.iter().map(|(_, path)| world.recorded_path(path)).collect();
        leftover.remove_but(world, &again).map_err(|error| world.store_failed(error))?;
    }
    host.seen().outputs = paths.iter().map(|(_, path)| path.clone()).collect();
    for input in &step.inputs {
        inputs::see(world, host, &input.text(&run)?).map_err(|error| error.at(input.span))?;
    }
    let body = body(world, place, step, host, (token, number))?;
    if let BodySpec::Exec(exec) = &body {
        host.permit(Access::Run(&exec.program)).map_err(|error| error.at(task.span))?;
        inputs::see_argument(world, host, &exec.directory, &exec.program, true);
        for argument in &exec.arguments {
            inputs::see_argument(world, host, &exec.directory, argument, false);
        }
        host.touch(Class::Effect, "exec")?;
    }
    let aside = if paths.is_empty() {
        None
    } else {
        let files: Vec<PathBuf> = paths.iter().map(|(_, path)| path.clone()).collect();
        let since = world.head().last;
        Some(outputs::move_aside(
            (&world.state_directory, world.plan.permissions.root()),
            &world.line,
            &place.key,
            since,
            &files,
        )?)
    };
    let timeout =
        host.deadline().map(|deadline| Duration::from_micros(deadline.at.saturating_sub(world.clock.elapsed())));
    let spec = AttemptSpec { token, task: place.task.0, path: place.path.clone(), number, timeout, body };
    let written = match &spec.body {
        BodySpec::Exec(exec) => Some(exec.result.clone()),
        BodySpec::Script | BodySpec::Call { .. } => None,
    };
    let made = execute(world, executors, place, host, spec);
    if let Some(written) = written {
        // It was read; most programs write none.
        let _ = std::fs::remove_file(written);
        host.look_at_arguments_again();
    }
    let made = made.and_then(|result| {
        save_components(host)?;
        // One long call may overrun its time without anybody looking at the clock.
        if matches!(step.body, Body::Script(_) | Body::Call(_))
            && let Err(late) = host.check_cancelled()
            && late.kind == ErrorKind::Timeout
        {
            return Err(late);
        }
        if let Some(secret) = world.mask.find(&result) {
            return Err(StepError::script(format!("the secret `{secret}` must not be a result: results are stored")));
        }
        Ok((result, finished_outputs(world, step, &paths)?))
    });
    match (made, aside) {
        (Ok((result, outputs)), aside) => Ok(Made { result, outputs, aside }),
        (Err(error), None) => Err(error),
        (Err(error), Some(aside)) => match aside.restore(&world.state_directory) {
            Ok(()) => Err(error),
            Err(why) => Err(error.details([format!("its earlier outputs could not be put back: {why}")])),
        },
    }
}

/// What components keep of what the body did becomes part of the step's data.
fn save_components(host: &Arc<RunHost>) -> Result<(), StepError> {
    // Saving writes through the host, which must not be locked then.
    let enlisted = host.seen().enlisted.clone();
    enlisted.iter().try_for_each(|participant| participant.save(&**host))
}

/// Hands an attempt to its executor and stays with it.
fn execute(
    world: &Arc<World>,
    executors: &Executors,
    place: &Place,
    host: &Arc<RunHost>,
    spec: AttemptSpec,
) -> Result<Value, StepError> {
    let token = spec.token;
    let executor: &dyn Executor = match &spec.body {
        BodySpec::Exec(_) => &executors.process,
        BodySpec::Script | BodySpec::Call { .. } => &executors.inline,
    };
    let (speaker, task) = (world.clone(), place.task_ref(&world.plan));
    let output = move |stderr, line: String| {
        speaker.tell(Event::Output { task: task.clone(), stderr, line: speaker.mask.line(&line) });
    };
    executor.submit(Attempt { spec, plan: world.plan.clone(), host: host.clone(), output: Arc::new(output) })?;
    let mut cancelled: Option<(StepError, u64)> = None;
    loop {
        match executor.poll(token, Duration::from_millis(20)) {
            Standing::Exited(result) => return cancelled.map_or(result, |(error, _)| Err(error)),
            Standing::Lost => return Err(StepError::new(ErrorKind::Exec, "the attempt was lost")),
            Standing::Queued | Standing::Running | Standing::Unknown => {}
        }
        match (host.check_cancelled(), &cancelled) {
            (Err(error), None) => {
                executor.cancel(token, false);
                cancelled = Some((error, world.clock.elapsed()));
            }
            // It got a while to tidy up; a second request to stop ends that.
            (Err(_), Some((error, since))) => {
                let patience = if error.kind == ErrorKind::Cancelled { 1_000_000 } else { 5_000_000 };
                if world.clock.elapsed().saturating_sub(*since) >= patience
                    || world.stop.asked() == Stop::Now && patience > 1_000_000
                {
                    executor.cancel(token, true);
                }
            }
            (Ok(()), _) => {}
        }
    }
}

fn body(
    world: &Arc<World>,
    place: &Place,
    step: &Step,
    host: &Arc<RunHost>,
    (token, number): (Token, u32),
) -> Result<BodySpec, StepError> {
    let dynamic: Arc<dyn Host> = host.clone();
    let run = |program: &Arc<dyn Program>| program.eval(&dynamic);
    match &step.body {
        // A wait runs nowhere.
        Body::Script(_) | Body::Wait(_) => Ok(BodySpec::Script),
        Body::Call(call) => Ok(BodySpec::Call { arguments: call.arguments.value(&run)? }),
        Body::Exec(exec) => exec_spec(world, place, exec, &dynamic, (token, number)).map(BodySpec::Exec),
    }
}

fn exec_spec(
    world: &World,
    place: &Place,
    exec: &Exec,
    host: &Arc<dyn Host>,
    (token, number): (Token, u32),
) -> Result<ExecSpec, StepError> {
    let run = |program: &Arc<dyn Program>| program.eval(host);
    let directory = match &exec.directory {
        Some(directory) => world.plan.permissions.resolve(Path::new(&directory.text(&run)?)),
        None => world.plan.directory.clone(),
    };
    let scratch = scratch::directory(world, place);
    let failed = |error: std::io::Error| {
        StepError::new(ErrorKind::Exec, format!("its scratch directory cannot be made: {error}"))
    };
    std::fs::create_dir_all(&scratch).map_err(failed)?;
    let result = scratch::result(&scratch, token);
    let mut environment = Vec::new();
    for (name, value) in &exec.environment {
        environment.push((name.to_string(), value.text(&run)?));
    }
    environment.push(("THINKING_SCRATCH".to_owned(), scratch.display().to_string()));
    environment.push(("THINKING_RESULT".to_owned(), result.display().to_string()));
    environment.push(("THINKING_KEY".to_owned(), host.idempotency_key()?));
    environment.push(("THINKING_ATTEMPT".to_owned(), number.to_string()));
    environment.push(("THINKING_RUN_DIR".to_owned(), world.run.directory.display().to_string()));
    let stdout = exec.stdout.as_ref().map(|stdout| stdout.get(&run)).transpose()?;
    Ok(ExecSpec {
        program: exec.program.text(&run)?,
        arguments: exec.arguments.iter().map(|argument| argument.text(&run)).collect::<Result<_, _>>()?,
        environment,
        hidden: world.hidden.clone(),
        stdin: exec.stdin.as_ref().map(|stdin| stdin.text(&run)).transpose()?,
        directory,
        stdout: stdout.map(|stdout| {
            match stdout {
                StdoutAs::Text => "text",
                StdoutAs::Lines => "lines",
                StdoutAs::Json => "json",
            }
            .to_owned()
        }),
        result,
    })
}

/// Outputs must be there, and survive a loss of power.
fn finished_outputs(
    world: &World,
    step: &Step,
    paths: &[(String, PathBuf)],
) -> Result<Vec<(String, String)>, StepError> {
    let kind = match step.body {
        Body::Script(_) | Body::Wait(_) => ErrorKind::Script,
        Body::Exec(_) => ErrorKind::Exec,
        Body::Call(_) => ErrorKind::Native,
    };
    let mut made = Vec::new();
    for ((text, path), output) in paths.iter().zip(&step.outputs) {
        let failed = |why: &str| StepError::new(kind, format!("declared output `{text}` {why}")).at(output.span);
        if !path.exists() {
            return Err(failed("is missing").help("the step must write it, or not declare it"));
        }
        outputs::sync(path).map_err(|error| failed(&format!("cannot be made durable: {error}")))?;
        let digest = world.files.digest(path).ok_or_else(|| failed("cannot be read"))?;
        made.push((world.recorded_path(path), hex(digest)));
    }
    Ok(made)
}

/// The earlier of two deadlines.
pub(crate) fn earlier(one: Option<Deadline>, other: Option<Deadline>) -> Option<Deadline> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.at < one.at { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// A deadline from now.
pub(crate) fn deadline(world: &World, timeout: Duration, what: &str) -> Deadline {
    let micros = u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX);
    Deadline {
        at: world.clock.elapsed().saturating_add(micros),
        message: format!("{what} took longer than its timeout of {}", shown(timeout)),
    }
}

fn shown(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    match units.iter().find(|(length, _)| millis >= *length && millis.is_multiple_of(*length)) {
        Some((length, unit)) => format!("{}{unit}", millis / length),
        None => format!("{millis}ms"),
    }
}
