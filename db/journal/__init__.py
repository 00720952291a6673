"""The journal: what the store holds, written to small files elsewhere, for hosts whose disk is lost at a restart.

Each line of a file is a row of the store, or says that one is gone; the last line about a row is what holds. The
store is compared with what the journal says, and what differs is written, so nothing that changes a row needs to know
of the journal. With an empty database the rows come back from it.
"""
