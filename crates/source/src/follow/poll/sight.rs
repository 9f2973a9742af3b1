//! Which files there are.

use std::path::Path;

use super::{
    super::{
        Event,
        cursor::Held,
        disk::{FileId, Sighting, Stat, find_beside},
        seen::Unread,
    },
    Poll,
};

impl Poll<'_> {
    /// Sights files that are open and that no pattern matches any more.
    pub(super) fn sight_open_files(&mut self) {
        let open = self.follower.files.ids();
        let unnamed: Vec<FileId> = open.filter(|id| !self.scan.files.contains_key(id)).collect();
        for id in unnamed {
            let stat = self.follower.files.peek(id).and_then(|file| file.metadata().ok());
            match (self.follower.book.held_by(id), stat) {
                (Some((_, place)), Some(metadata)) => {
                    let path = place.path.clone();
                    let stat = Stat::of(&metadata);
                    self.scan.files.insert(id, Sighting { id, path, stat, is_inside: false });
                }
                _ => self.follower.files.close(id),
            }
        }
    }

    /// Looks for files that are not where they were and not open: they may have another name that no pattern matches.
    pub(super) fn find_lost_files(&mut self) {
        let lost: Vec<(FileId, String, Held, u64)> = self
            .follower
            .book
            .cursors()
            .flat_map(|cursor| cursor.places.iter().map(move |place| (place, cursor.key)))
            .filter(|(place, _)| !self.scan.files.contains_key(&place.id))
            .map(|(place, key)| (place.id, place.path.clone(), place.held, key))
            .collect();
        for (id, path, held, key) in lost {
            if matches!(held, Held::Packed { .. }) {
                if self.scan.is_complete() {
                    self.follower.book.detach(id);
                }
                continue;
            }
            match find_beside(&path, id) {
                Ok(Some(name)) => self.sight_outside(id, name),
                Ok(None) => {
                    self.follower.book.detach(id);
                    self.lost.push((path, key));
                }
                // It will be looked for again.
                Err(_) => {}
            }
        }
    }

    fn sight_outside(&mut self, id: FileId, path: String) {
        if let Ok(metadata) = Path::new(&path).metadata() {
            let stat = Stat::of(&metadata);
            self.scan.files.insert(id, Sighting { id, path, stat, is_inside: false });
        }
    }

    /// Compares what is there with what was seen.
    pub(super) fn note_changes(&mut self) {
        let scan = &self.scan;
        self.follower.seen.retain(|id, _| scan.files.contains_key(id));
        let files: Vec<Sighting> = self.scan.files.values().cloned().collect();
        for file in files {
            let now_s = self.now_s;
            let mut was_inside = file.is_inside;
            if let Some(seen) = self.follower.seen.get_mut(&file.id) {
                was_inside = std::mem::replace(&mut seen.is_inside, file.is_inside);
                seen.update(file.stat, now_s);
            } else {
                self.seen(file.id);
            }
            self.note_name(&file, was_inside);
        }
    }

    /// Notes the new name of a file that was renamed. Where nothing was counted of it, and it was not kept open, it is
    /// known by its number alone, which may have been given to another file: then it is taken for one.
    fn note_name(&mut self, file: &Sighting, was_inside: bool) {
        let Some((cursor, place)) = self.follower.book.held_by(file.id) else { return };
        let is_same = cursor.offset > 0 || self.follower.files.peek(file.id).is_some();
        let from = place.path.clone();
        let to = if !file.is_inside && file.path == from {
            if !was_inside {
                return;
            }
            find_beside(&from, file.id).ok().flatten()
        } else if self.scan.names.get(&from) == Some(&file.id) {
            return;
        } else {
            Some(file.path.clone())
        };
        if to.is_some() && !is_same {
            return self.follower.book.detach(file.id);
        }
        if let Some(path) = &to
            && let Some(place) = self.follower.book.place_mut(file.id)
        {
            place.path.clone_from(path);
        }
        self.delta.events.push(Event::Renamed { from, to });
    }

    /// Lets go of files that no pattern matches any more, once they have been still for long.
    pub(super) fn close_still_files(&mut self) {
        let outside: Vec<FileId> =
            self.scan.files.values().filter(|file| !file.is_inside).map(|file| file.id).collect();
        for id in outside {
            let now_s = self.now_s;
            let seen = self.seen(id);
            if seen.is_still(now_s) && seen.unread == Unread::Nothing {
                self.follower.files.close(id);
                self.follower.book.detach(id);
            }
        }
    }
}
