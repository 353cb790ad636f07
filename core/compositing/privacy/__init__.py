"""What nobody may read in a picture that is meant for release: where plates and heads are, and their blur."""
