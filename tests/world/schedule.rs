//! The world: processes, a network that loses, repeats and delays, and chance that says what happens next.

use std::fmt::Write as _;
use std::rc::Rc;

use coupon_pools::flow::HostTraits;
use coupon_pools::flow::step::{Reply, Step, Whose};

use crate::chance::Chance;
use crate::clock::{DAY, HOUR, MINUTE, START};
use crate::orders::{Ending, Order};
use crate::process::{Process, Running, Turn, Way, failed};
use crate::promises::Promises;
use crate::shopping::Shop;
use crate::store::Store;
use crate::trace::{line, short};

/// Flows under way at once.
const CROWD: usize = 8;

/// A request on its way to the store (or the notifier), or its answer on the way back.
struct Parcel {
    flow: u64,
    /// Which process waits for it; nobody does once the flow was told that it failed, or has crashed.
    process: Option<usize>,
    step: Step,
    way: Way,
    answer: Option<Reply>,
}

/// One world, from a seed.
pub(crate) struct World {
    pub(crate) chance: Chance,
    /// Nothing goes wrong and all clocks agree.
    pub(crate) calm: bool,
    /// How often in a hundred something goes wrong with a parcel.
    faults: usize,
    /// Once in so many steps much time goes by.
    jumps: usize,
    pub(crate) clock: i64,
    pub(crate) store: Store,
    pub(crate) shop: Shop,
    pub(crate) processes: Vec<Process>,
    pub(crate) promises: Promises,
    pub(crate) limits: HostTraits,
    pub(crate) steps: u64,
    network: Vec<Parcel>,
    flows: u64,
    /// What happened, if anybody wants to know.
    pub(crate) trace: Option<String>,
}

/// Kept, or the promise that was broken.
pub(crate) type Kept<T = ()> = Result<T, String>;

impl World {
    pub(crate) fn new(seed: u64, traced: bool) -> Self {
        let mut chance = Chance::new(seed);
        let faults = chance.pick(&[0, 10, 20, 45]);
        let (calm, jumps) = (faults == 0, chance.pick(&[25, 100]));
        let mut processes: Vec<Process> = (0..1 + chance.below(3)).map(|_| Process::default()).collect();
        for process in processes.iter_mut().filter(|_| !calm) {
            process.skew = (chance.below(6) as i64 - 2) * MINUTE;
        }
        let limits = HostTraits {
            claim_items: chance.pick(&[2, 3, 50]),
            block_codes: chance.pick(&[3, 8, 50]),
            sort_codes: chance.pick(&[0, 30, 1_000]),
            hears_alerts: true,
        };
        World {
            chance,
            calm,
            faults,
            jumps,
            clock: START,
            store: Store::default(),
            shop: Shop::new(START),
            processes,
            promises: Promises::new(limits, calm),
            limits,
            steps: 0,
            network: Vec::new(),
            flows: 0,
            trace: traced.then(String::new),
        }
    }

    pub(crate) fn note(&mut self, text: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>5} {}", self.steps, text(self));
            if let Some(trace) = &mut self.trace {
                let _ = writeln!(trace, "{line}");
            }
        }
    }

    /// One thing happens, and every promise is looked at.
    pub(crate) fn step(&mut self) -> Kept {
        self.steps += 1;
        let under_way: usize = self.processes.iter().map(|process| process.running.len()).sum();
        self.pass(under_way);
        if !self.calm && self.chance.below(400) == 0 {
            self.crash();
        } else if self.wake_somebody()? {
            // Somebody's time had come.
        } else if self.network.is_empty() || (under_way < CROWD && self.chance.percent(12)) {
            let process = self.chance.below(self.processes.len());
            let order = self.order();
            self.start(process, order)?;
        } else {
            self.traffic()?;
        }
        self.promises.look(&self.store, self.clock)
    }

    /// Does one thing alone, without faults, and answers how it ended.
    pub(crate) fn alone(&mut self, order: Order) -> Kept<Ending> {
        let flow = self.start(0, order)?;
        while self.processes[0].running.contains_key(&flow) {
            self.steps += 1;
            self.clock += 1;
            if self.network.is_empty() {
                self.sleep()?;
                continue;
            }
            let index = 0;
            self.perform(index)?;
            self.promises.look(&self.store, self.clock)?;
            self.deliver(index)?;
        }
        self.promises.last.take().ok_or_else(|| "the flow did not end".to_owned())
    }

    /// Time goes on: mostly a little, at times a lot.
    fn pass(&mut self, under_way: usize) {
        self.clock += self.chance.below(if self.calm { 10 } else { 300 }) as i64;
        if (under_way == 0 || !self.calm) && self.chance.below(self.jumps) == 0 {
            self.clock += self.chance.pick(&[MINUTE, 3 * MINUTE, HOUR, 6 * HOUR, DAY]);
        }
    }

    fn start(&mut self, process: usize, order: Order) -> Kept<u64> {
        self.start_for(process, order, None)
    }

    fn start_for(&mut self, process: usize, order: Order, parent: Option<u64>) -> Kept<u64> {
        self.flows += 1;
        let flow = self.flows;
        let order = Rc::new(order);
        self.note(|_| format!("flow {flow} in process {process}: {}", short(&order)));
        let session = self.processes[process].session.clone();
        let (mut running, entropy) = Running::new(&order, session, self.limits, &mut self.chance);
        running.parent = parent;
        self.promises.started(flow, order, entropy);
        self.processes[process].running.insert(flow, running);
        self.resume(process, flow, None)?;
        Ok(flow)
    }

    fn resume(&mut self, process: usize, flow: u64, mut reply: Option<Reply>) -> Kept {
        let now = (self.clock, self.processes[process].skew);
        loop {
            let Some(running) = self.processes[process].running.get_mut(&flow) else { return Ok(()) };
            match running.resume(reply.take(), now, &mut self.chance, !self.calm) {
                Turn::Send(step) => {
                    self.promises.asked(flow, &step)?;
                    self.network.push(Parcel { flow, process: Some(process), step, way: Way::Call, answer: None });
                }
                Turn::SendOff(step, way) => {
                    self.promises.asked(flow, &step)?;
                    reply = Some(if way == Way::Block { Reply::AddBlock(()) } else { Reply::Send(()) });
                    self.network.push(Parcel { flow, process: Some(process), step, way, answer: None });
                    continue;
                }
                Turn::Fill(request) => {
                    self.promises.filling(flow);
                    let order = Order::TopUp { pool: request.pool, count: request.count, wait: request.wait };
                    self.start_for(process, order, Some(flow))?;
                }
                Turn::Wait => {}
                Turn::End(ending) => {
                    let (disturbed, parent) = (running.disturbed, running.parent);
                    self.processes[process].running.remove(&flow);
                    self.note(|_| format!("flow {flow} ended: {}", short(&ending)));
                    let well = ending.error().is_none();
                    self.promises.ended(flow, ending, disturbed, &self.store)?;
                    if let Some(parent) = parent {
                        let reply = if well { Reply::TopUp(()) } else { failed(Whose::Host) };
                        self.arrive(process, parent, Way::Call, reply)?;
                    }
                }
            }
            return Ok(());
        }
    }

    /// Something happens to a parcel.
    fn traffic(&mut self) -> Kept {
        let index = self.chance.below(self.network.len());
        if !self.chance.percent(self.faults) {
            return match self.network[index].answer {
                None => self.perform(index),
                Some(_) => self.deliver(index),
            };
        }
        let parcel = &self.network[index];
        let (flow, step) = (parcel.flow, parcel.step.clone());
        match (self.chance.below(5), parcel.answer.is_some()) {
            // The answer is lost on its way back, or the request on its way there.
            (0, answered) => {
                self.note(|_| {
                    format!("flow {flow}: {} of {} is lost", if answered { "answer" } else { "request" }, step.name())
                });
                self.give_up(index)?;
                self.network.swap_remove(index);
            }
            // The caller stops waiting; the request is still under way and may arrive at any time.
            (1, false) => {
                self.note(|_| format!("flow {flow}: {} times out", step.name()));
                self.give_up(index)?;
            }
            // The network sends it once more: at once, with the second answer, or some time.
            (2, false) if is_store(&step) => {
                self.note(|_| format!("flow {flow}: {} is sent twice", step.name()));
                self.disturb(index);
                self.perform(index)?;
                self.network[index].answer = None;
                self.perform(index)?;
            }
            (3, false) if is_store(&step) => {
                self.note(|_| format!("flow {flow}: {} is copied", step.name()));
                self.disturb(index);
                let way = self.network[index].way;
                self.network.push(Parcel { flow, process: None, step, way, answer: None });
            }
            (4, false) if matches!(step, Step::Notify(_)) => {
                self.note(|_| format!("flow {flow}: the notifier throws"));
                self.network[index].answer = Some(failed(Whose::Host));
            }
            _ => {}
        }
        Ok(())
    }

    /// The request arrives, and is performed.
    fn perform(&mut self, index: usize) -> Kept {
        let Parcel { flow, step, .. } = &self.network[index];
        let (flow, step) = (*flow, step.clone());
        let answer = match &step {
            Step::Notify(alert) => {
                self.promises.notified(alert)?;
                Reply::Notify(())
            }
            Step::Send(request) => self.shop.perform(request, self.clock, &mut self.chance),
            step => self.store.perform(step),
        };
        self.note(|_| format!("flow {flow}: {}", line(&step, &answer)));
        self.promises.performed(flow, &step, &answer, &self.store)?;
        if let Step::CommitBatch(_) = &step {
            self.shop.shopify.work(self.clock);
            crate::promises::shop::look(&self.store, &self.shop)?;
        }
        self.network[index].answer = Some(answer);
        Ok(())
    }

    /// The answer arrives, if anybody still waits for it.
    fn deliver(&mut self, index: usize) -> Kept {
        let Parcel { flow, process, way, answer, .. } = self.network.swap_remove(index);
        match (process, answer) {
            (Some(process), Some(answer)) => self.arrive(process, flow, way, answer),
            _ => Ok(()),
        }
    }

    fn arrive(&mut self, process: usize, flow: u64, way: Way, answer: Reply) -> Kept {
        let Some(running) = self.processes[process].running.get_mut(&flow) else { return Ok(()) };
        match running.arrived(answer, way) {
            Some(answer) => self.resume(process, flow, Some(answer)),
            None => Ok(()),
        }
    }

    /// Whoever waits for this parcel is told that it failed, and nobody waits for it any more.
    fn give_up(&mut self, index: usize) -> Kept {
        self.disturb(index);
        let parcel = &mut self.network[index];
        let (flow, way) = (parcel.flow, parcel.way);
        let told = match &parcel.step {
            Step::Send(request) => crate::shopping::lost(request),
            step => failed(if is_store(step) { Whose::Store } else { Whose::Host }),
        };
        match parcel.process.take() {
            Some(process) => self.arrive(process, flow, way, told),
            None => Ok(()),
        }
    }

    fn disturb(&mut self, index: usize) {
        let Parcel { flow, process, .. } = self.network[index];
        let running = process.and_then(|process| self.processes[process].running.get_mut(&flow));
        if let Some(running) = running {
            running.disturbed = true;
        }
    }

    /// Goes on with a flow that waited for the time, if there is one.
    fn wake_somebody(&mut self) -> Kept<bool> {
        let mut due: Vec<(i64, usize, u64)> = Vec::new();
        for (process, one) in self.processes.iter().enumerate() {
            due.extend(
                one.running.iter().filter_map(|(flow, running)| Some((running.wake.as_ref()?.0, process, *flow))),
            );
        }
        let Some((_, process, flow)) = due.into_iter().filter(|(at, ..)| *at <= self.clock).min() else {
            return Ok(false);
        };
        let reply = self.processes[process].running.get_mut(&flow).and_then(Running::woken);
        self.resume(process, flow, reply)?;
        Ok(true)
    }

    /// Nothing is under way: time goes by until somebody's has come.
    fn sleep(&mut self) -> Kept {
        let wakes = self.processes.iter().flat_map(|process| process.running.values());
        let first = wakes.filter_map(|running| Some(running.wake.as_ref()?.0)).min();
        self.clock = self.clock.max(first.filter(|at| *at < i64::MAX).ok_or("a flow waits for nothing")?);
        self.wake_somebody().map(|_| ())
    }

    /// A process dies without a word. What it sent is still under way.
    fn crash(&mut self) {
        let process = self.chance.below(self.processes.len());
        self.note(|_| format!("process {process} crashes"));
        let skew = self.processes[process].skew;
        self.processes[process] = Process { skew, ..Process::default() };
        for parcel in self.network.iter_mut().filter(|parcel| parcel.process == Some(process)) {
            parcel.process = None;
        }
    }

    /// In a calm world everything under way comes to its end. In any other every process dies, and what is under way
    /// arrives or not; from now on nothing goes wrong.
    pub(crate) fn calm_down(&mut self) -> Kept {
        while self.calm && self.processes.iter().any(|process| !process.running.is_empty()) {
            self.steps += 1;
            self.clock += 1;
            if self.network.is_empty() {
                self.sleep()?;
            } else {
                self.traffic()?;
            }
            self.promises.look(&self.store, self.clock)?;
        }
        for parcel in &mut self.network {
            parcel.process = None;
        }
        while !self.network.is_empty() {
            let index = self.chance.below(self.network.len());
            if self.network[index].answer.is_none() && self.chance.percent(50) {
                self.perform(index)?;
                self.promises.look(&self.store, self.clock)?;
            }
            self.network.swap_remove(index);
        }
        let ahead = self.processes.iter().map(|process| process.skew).max().unwrap_or(0);
        self.clock += ahead.max(0);
        self.processes = vec![Process::default()];
        Ok(())
    }
}

fn is_store(step: &Step) -> bool {
    !matches!(step, Step::Notify(_))
}
