//! Words of the vector collections (R18); the vectors themselves never leave the server.

use crate::states::words;

words! {
    /// What a vector stands for.
    VectorKind {
        Conversation = "conversation", "Conversation";
        Document = "document", "Document";
    }
}

words! {
    /// What searches a collection.
    VectorBackend {
        /// The extension of the database.
        Pgvector = "pgvector", "pgvector";
        /// Every vector is compared.
        Exact = "exact", "Exact search";
    }
}
