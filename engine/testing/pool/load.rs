//! The projects are loaded: one worker each says what there is.

use super::worker::{News, State, garbage};
use super::{Interrupt, Pool, TICK, WorkerError};
use crate::protocol::{Ready, Reply};
use std::sync::mpsc::RecvTimeoutError;

impl Pool {
    /// Starts a worker for each project, as many at once as there are places, and gives what each has to offer, in the order of the projects.
    /// `tick` is called about every 100 ms. Workers of projects without errors stay for [`Pool::run`].
    ///
    /// `None`: the user asked to stop; all workers are gone.
    pub fn load(
        &mut self,
        interrupt: &dyn Fn() -> Interrupt,
        tick: &mut dyn FnMut(),
    ) -> Option<Vec<Result<Ready, WorkerError>>> {
        let mut found: Vec<Option<Result<Ready, WorkerError>>> = self.projects.iter().map(|_| None).collect();
        let mut next = 0;
        while found.iter().any(Option::is_none) {
            if interrupt() > Interrupt::None {
                self.workers.clear();
                return None;
            }
            let starting =
                |pool: &Self| pool.workers.values().filter(|worker| matches!(worker.state, State::Starting)).count();
            while next < found.len() && starting(self) < self.jobs {
                if let (Err(error), Some(place)) = (self.start(next), found.get_mut(next)) {
                    *place = Some(Err(error));
                }
                next += 1;
            }
            let (id, said) = match self.news.recv_timeout(TICK) {
                Ok(News::Reply(id, Reply::Ready(ready))) => {
                    self.loaded(id, *ready, &mut found);
                    continue;
                }
                Ok(News::Reply(id, Reply::Done(_))) => (id, Some("it gave a reply that nobody asked for".to_owned())),
                Ok(News::Garbage(id, said)) => (id, Some(garbage(&said))),
                Ok(News::Closed(id)) => (id, None),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    tick();
                    match self.find_gone() {
                        Some(id) => (id, None),
                        None => continue,
                    }
                }
            };
            // One that was ended here has more to say.
            let Some(worker) = self.workers.remove(&id) else { continue };
            if !matches!(worker.state, State::Starting) {
                // Its project is known; another one is started when it is needed.
                worker.end(said.is_none());
                continue;
            }
            let project = worker.project();
            let error = self.refuse(worker, said);
            if let Some(place) = found.get_mut(project) {
                *place = Some(Err(error));
            }
        }
        Some(found.into_iter().flatten().collect())
    }

    fn loaded(&mut self, id: u64, mut ready: Ready, found: &mut [Option<Result<Ready, WorkerError>>]) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let project = worker.project();
        worker.state = State::Idle;
        if let Some(known) = self.projects.get_mut(project) {
            known.loading = worker.began.elapsed();
            // By this name its tests find their workers.
            ready.tests.iter_mut().for_each(|test| test.project.clone_from(&known.name));
            known.ready = Some(ready.clone());
        }
        if ready.error_count > 0 || ready.tests.is_empty() {
            worker.dismiss();
        }
        if let Some(place) = found.get_mut(project) {
            *place = Some(Ok(ready));
        }
    }

    /// A worker that is gone for a while although its replies have not ended: something that it started holds the pipe.
    pub(super) fn find_gone(&mut self) -> Option<u64> {
        let gone = self.workers.iter_mut().filter(|(_, worker)| worker.is_gone());
        for (id, worker) in gone {
            // What it said last may still be on its way.
            if worker.gone.get_or_insert_with(std::time::Instant::now).elapsed() >= 2 * TICK {
                return Some(*id);
            }
        }
        None
    }
}
