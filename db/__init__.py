"""The store: conversations, turns with their snapshot, feedback, model versions, what visitors decided.

    database = open_database()                        # migrates; one object for the whole process
    with database.writer() as session:                # commits when the block ends well
        give_feedback(session=session, turn_id=..., visitor=..., rating=-1)

Rows that a function returns can be read after their session has closed.
"""

from db.conversations import (
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
from db.errors import NotFoundError, StoreError, StoreInputError, UnreachableError
from db.export import export_feedback, question_rows
from db.feedback import find_feedback, give_feedback, review_feedback, withdraw_feedback
from db.model_versions import get_model_version, register_model_version
from db.models import Conversation, Feedback, ModelVersion, Turn, Visitor
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
    "Feedback",
    "ModelVersion",
    "NotFoundError",
    "StoreError",
    "StoreInputError",
    "Turn",
    "UnreachableError",
    "Visitor",
    "append_turn",
    "ask_consent",
    "conversation_data",
    "delete_conversation",
    "delete_conversations",
    "erase_visitor",
    "export_feedback",
    "find_conversations",
    "find_feedback",
    "find_shared",
    "find_visitor",
    "get_conversation",
    "get_model_version",
    "get_turn",
    "give_feedback",
    "load_turns",
    "open_database",
    "question_rows",
    "register_model_version",
    "rename_conversation",
    "replace_turns",
    "review_feedback",
    "revoke_share",
    "set_consent",
    "share_conversation",
    "start_conversation",
    "visitor_data",
    "withdraw_feedback",
]
