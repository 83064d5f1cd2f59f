//! How much memory a piece of work holds at most, by an allocator that counts: no clock, the same on every machine.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn add(bytes: usize) {
    MOST.fetch_max(HELD.fetch_add(bytes, SeqCst) + bytes, SeqCst);
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), SeqCst);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What is counted is the whole process's: one test at a time holds this.
pub(crate) static ONE: Mutex<()> = Mutex::new(());

pub(crate) const MB: usize = 1 << 20;

/// The most that hostile input may make anything hold.
pub(crate) const MEMORY: usize = 64 * MB;

/// Does some work; answers what it answers, and how many bytes it held at most, more than before.
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.load(SeqCst);
    MOST.store(before, SeqCst);
    let answer = work();
    (answer, MOST.load(SeqCst) - before)
}
