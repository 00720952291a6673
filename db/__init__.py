"""The store: conversations, turns with their snapshot, feedback and its review, model versions, what visitors decided.

    database = open_database()                        # migrates; one object for the whole process
    with database.writer() as session:                # commits when the block ends well
        give_feedback(session=session, turn_id=..., visitor=..., rating=-1)

Rows that a function returns can be read after their session has closed.
"""

from db.conversations import (
    answer_anew,
    append_turn,
    delete_conversation,
    delete_conversations,
    find_conversations,
    get_conversation,
    get_turn,
    load_turns,
    rename_conversation,
    replace_turns,
    start_conversation,
)
from db.decisions import Decided, added_fact, decide, find_decisions, last_batch, record_fact, undo
from db.desk import Desk
from db.errors import NotFoundError, StoreError, StoreInputError, UnreachableError
from db.export import export_feedback, export_lines, question_rows
from db.feedback import find_feedback, give_feedback, withdraw_feedback
from db.figures import Day, Figures, Missed, Version, read_figures
from db.journal.keeper import Keeper, journaled
from db.model_versions import get_model_version, register_model_version
from db.models import Conversation, Decision, Feedback, ModelVersion, Turn, Visitor
from db.queue import Entry, Voice, count_queue, find_queue, get_entry
from db.reviewer import NotAllowedError, Reviewer, admit
from db.session import Database, open_database
from db.sharing import find_shared, revoke_share, share_conversation
from db.visitors import (
    ask_consent,
    conversation_data,
    erase_visitor,
    find_visitor,
    set_consent,
    visitor_data,
)

__all__ = [
    "Conversation",
    "Database",
    "Day",
    "Decided",
    "Decision",
    "Desk",
    "Entry",
    "Feedback",
    "Figures",
    "Keeper",
    "Missed",
    "ModelVersion",
    "NotAllowedError",
    "NotFoundError",
    "Reviewer",
    "StoreError",
    "StoreInputError",
    "Turn",
    "UnreachableError",
    "Version",
    "Visitor",
    "Voice",
    "added_fact",
    "admit",
    "answer_anew",
    "append_turn",
    "ask_consent",
    "conversation_data",
    "count_queue",
    "decide",
    "delete_conversation",
    "delete_conversations",
    "erase_visitor",
    "export_feedback",
    "export_lines",
    "find_conversations",
    "find_decisions",
    "find_feedback",
    "find_queue",
    "find_shared",
    "find_visitor",
    "get_conversation",
    "get_entry",
    "get_model_version",
    "get_turn",
    "give_feedback",
    "journaled",
    "last_batch",
    "load_turns",
    "open_database",
    "question_rows",
    "read_figures",
    "record_fact",
    "register_model_version",
    "rename_conversation",
    "replace_turns",
    "revoke_share",
    "set_consent",
    "share_conversation",
    "start_conversation",
    "undo",
    "visitor_data",
    "withdraw_feedback",
]
