-- The tables of format 4, as its program made them.

CREATE TABLE meta (
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
);

CREATE TABLE annotator (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    CONSTRAINT uq_annotator_name UNIQUE (name)
);

CREATE TABLE camera (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    utc_offset_s FLOAT DEFAULT '0' NOT NULL,
    calibration_id INTEGER,
    created_at FLOAT NOT NULL,
    CONSTRAINT uq_camera_name UNIQUE (name)
);

CREATE TABLE job (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    settings JSON NOT NULL,
    state TEXT NOT NULL,
    progress FLOAT DEFAULT '0' NOT NULL,
    message TEXT DEFAULT '' NOT NULL,
    error TEXT,
    checkpoint JSON,
    result JSON,
    cancel_requested BOOLEAN DEFAULT '0' NOT NULL,
    pid INTEGER,
    host TEXT,
    heartbeat_at FLOAT,
    created_at FLOAT NOT NULL,
    started_at FLOAT,
    finished_at FLOAT,
    revision INTEGER NOT NULL
);
CREATE INDEX ix_job_state ON job (state);
CREATE INDEX ix_job_revision ON job (revision);

CREATE TABLE recipe_set (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    wanted JSON,
    hidden BOOLEAN DEFAULT '0' NOT NULL,
    job_id INTEGER,
    created_at FLOAT NOT NULL,
    CONSTRAINT uq_recipe_set_name UNIQUE (name),
    CONSTRAINT fk_recipe_set_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);

CREATE TABLE calibration (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    camera_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    method TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    matrix JSON NOT NULL,
    distortion JSON NOT NULL,
    normal JSON,
    height_m FLOAT,
    residual_px FLOAT,
    uncertainty JSON,
    notes JSON NOT NULL,
    evidence JSON NOT NULL,
    annotator_id INTEGER NOT NULL,
    created_at FLOAT NOT NULL,
    CONSTRAINT uq_calibration_camera_id_version UNIQUE (camera_id, version),
    CONSTRAINT fk_calibration_camera_id FOREIGN KEY(camera_id) REFERENCES camera (id),
    CONSTRAINT fk_calibration_annotator_id FOREIGN KEY(annotator_id) REFERENCES annotator (id)
);

CREATE TABLE source (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    camera_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT DEFAULT 'live' NOT NULL,
    relative_path TEXT NOT NULL,
    absolute_path TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    byte_size INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    time_base_num INTEGER NOT NULL,
    time_base_den INTEGER NOT NULL,
    frame_count INTEGER NOT NULL,
    duration_s FLOAT NOT NULL,
    captured_from FLOAT,
    captured_to FLOAT,
    recorded BOOLEAN DEFAULT '0' NOT NULL,
    warnings JSON NOT NULL,
    added_at FLOAT NOT NULL,
    CONSTRAINT fk_source_camera_id FOREIGN KEY(camera_id) REFERENCES camera (id)
);
CREATE INDEX ix_source_camera_id ON source (camera_id);
CREATE INDEX ix_source_content_hash ON source (content_hash);

CREATE TABLE background (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    camera_id INTEGER NOT NULL,
    hour INTEGER,
    version INTEGER NOT NULL,
    frame_count INTEGER NOT NULL,
    hours JSON NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    image BLOB NOT NULL,
    support BLOB NOT NULL,
    job_id INTEGER,
    created_at FLOAT NOT NULL,
    CONSTRAINT fk_background_camera_id FOREIGN KEY(camera_id) REFERENCES camera (id),
    CONSTRAINT fk_background_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE INDEX ix_background_camera_hour_version ON background (camera_id, hour, version);

CREATE TABLE edit (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    annotator_id INTEGER NOT NULL,
    title TEXT NOT NULL,
    at FLOAT NOT NULL,
    state TEXT DEFAULT 'done' NOT NULL,
    undone_at FLOAT,
    changes JSON NOT NULL,
    CONSTRAINT fk_edit_annotator_id FOREIGN KEY(annotator_id) REFERENCES annotator (id)
);
CREATE INDEX ix_edit_stack ON edit (annotator_id, state, id);

CREATE TABLE job_log (
    id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    at FLOAT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT fk_job_log_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE INDEX ix_job_log_job_id ON job_log (job_id);

CREATE TABLE recipe (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    set_id INTEGER NOT NULL,
    camera_id INTEGER NOT NULL,
    background_id INTEGER NOT NULL,
    sampler TEXT NOT NULL,
    split TEXT NOT NULL,
    seed INTEGER NOT NULL,
    composer_version INTEGER NOT NULL,
    objects BLOB NOT NULL,
    ignored BLOB,
    occlusion BLOB NOT NULL,
    edited_from INTEGER,
    annotator_id INTEGER,
    created_at FLOAT NOT NULL,
    CONSTRAINT fk_recipe_set_id FOREIGN KEY(set_id) REFERENCES recipe_set (id),
    CONSTRAINT fk_recipe_camera_id FOREIGN KEY(camera_id) REFERENCES camera (id),
    CONSTRAINT fk_recipe_background_id FOREIGN KEY(background_id) REFERENCES background (id),
    CONSTRAINT fk_recipe_annotator_id FOREIGN KEY(annotator_id) REFERENCES annotator (id)
);
CREATE INDEX ix_recipe_set ON recipe (set_id, id, camera_id, split, edited_from);

CREATE TABLE sequence (
    id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    first_pts INTEGER NOT NULL,
    last_pts INTEGER NOT NULL,
    frame_count INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_sequence_source_id_ordinal UNIQUE (source_id, ordinal),
    CONSTRAINT fk_sequence_source_id FOREIGN KEY(source_id) REFERENCES source (id)
);
CREATE INDEX ix_sequence_source_id ON sequence (source_id);

CREATE TABLE frame (
    id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    sequence_id INTEGER NOT NULL,
    pts INTEGER NOT NULL,
    time_s FLOAT NOT NULL,
    captured_at FLOAT,
    content_hash BLOB NOT NULL,
    keyframe BOOLEAN NOT NULL,
    name TEXT,
    PRIMARY KEY (id),
    CONSTRAINT uq_frame_source_id_pts UNIQUE (source_id, pts),
    CONSTRAINT fk_frame_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_frame_sequence_id FOREIGN KEY(sequence_id) REFERENCES sequence (id)
);
CREATE INDEX ix_frame_content_hash ON frame (content_hash);
CREATE INDEX ix_frame_sequence_id ON frame (sequence_id);
CREATE INDEX ix_frame_name ON frame (name) WHERE name IS NOT NULL;
CREATE INDEX ix_frame_source_time ON frame (source_id, time_s);

CREATE TABLE track (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER NOT NULL,
    sequence_id INTEGER NOT NULL,
    category TEXT NOT NULL,
    first_time_s FLOAT NOT NULL,
    last_time_s FLOAT NOT NULL,
    instance_count INTEGER NOT NULL,
    stationary BOOLEAN DEFAULT '0' NOT NULL,
    state TEXT DEFAULT 'live' NOT NULL,
    job_id INTEGER,
    CONSTRAINT fk_track_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_track_sequence_id FOREIGN KEY(sequence_id) REFERENCES sequence (id),
    CONSTRAINT fk_track_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE INDEX ix_track_sequence_id ON track (sequence_id);
CREATE INDEX ix_track_source_id ON track (source_id);

CREATE TABLE instance (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    camera_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    frame_id INTEGER NOT NULL,
    track_id INTEGER,
    time_s FLOAT NOT NULL,
    captured_at FLOAT,
    category TEXT NOT NULL,
    score FLOAT NOT NULL,
    x FLOAT NOT NULL,
    y FLOAT NOT NULL,
    w FLOAT NOT NULL,
    h FLOAT NOT NULL,
    origin TEXT NOT NULL,
    detector TEXT NOT NULL,
    mask_id INTEGER,
    state TEXT DEFAULT 'live' NOT NULL,
    missing BOOLEAN DEFAULT '0' NOT NULL,
    stationary BOOLEAN DEFAULT '0' NOT NULL,
    thinned BOOLEAN DEFAULT '0' NOT NULL,
    machine_label TEXT,
    machine_origin TEXT,
    margin FLOAT,
    reasons INTEGER DEFAULT '0' NOT NULL,
    verdict TEXT,
    verdict_annotator_id INTEGER,
    verdict_at FLOAT,
    category_annotator_id INTEGER,
    job_id INTEGER,
    size FLOAT NOT NULL,
    uncertainty FLOAT NOT NULL,
    label TEXT,
    label_origin TEXT,
    keypoint_set_id INTEGER,
    points_placed INTEGER DEFAULT '0' NOT NULL,
    fit_id INTEGER,
    CONSTRAINT ck_instance_box_has_area CHECK (w > 0 AND h > 0),
    CONSTRAINT ck_instance_size_follows CHECK (size = max(w, h)),
    CONSTRAINT ck_instance_uncertainty_follows CHECK (uncertainty = coalesce(abs(margin), 2.0)),
    CONSTRAINT ck_instance_label_follows CHECK (label IS (CASE WHEN verdict IS NULL THEN machine_label WHEN verdict = 'rejected' THEN NULL ELSE verdict END)),
    CONSTRAINT ck_instance_label_origin_follows CHECK (label_origin IS (CASE WHEN verdict IS NULL THEN machine_origin ELSE 'human' END)),
    CONSTRAINT fk_instance_camera_id FOREIGN KEY(camera_id) REFERENCES camera (id),
    CONSTRAINT fk_instance_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_instance_frame_id FOREIGN KEY(frame_id) REFERENCES frame (id),
    CONSTRAINT fk_instance_track_id FOREIGN KEY(track_id) REFERENCES track (id),
    CONSTRAINT fk_instance_verdict_annotator_id FOREIGN KEY(verdict_annotator_id) REFERENCES annotator (id),
    CONSTRAINT fk_instance_category_annotator_id FOREIGN KEY(category_annotator_id) REFERENCES annotator (id),
    CONSTRAINT fk_instance_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE INDEX ix_instance_source_keypoint_queue ON instance (source_id, state, category, thinned, label, points_placed, id, verdict, size, track_id, camera_id);
CREATE INDEX ix_instance_gone_fit ON instance (fit_id, state) WHERE state = 'gone' AND fit_id IS NOT NULL;
CREATE INDEX ix_instance_queue ON instance (state, thinned, verdict, uncertainty, id, label, category, score, size, reasons, captured_at, source_id, camera_id);
CREATE INDEX ix_instance_camera_queue ON instance (camera_id, state, thinned, verdict, uncertainty, id, label, category, score, size, reasons, captured_at, source_id);
CREATE INDEX ix_instance_with_keypoints ON instance (source_id, id) WHERE keypoint_set_id IS NOT NULL;
CREATE INDEX ix_instance_fit ON instance (fit_id, state, track_id, keypoint_set_id, mask_id) WHERE fit_id IS NOT NULL;
CREATE INDEX ix_instance_source_queue ON instance (source_id, state, thinned, verdict, uncertainty, id, label, category, score, size, reasons, captured_at, camera_id);
CREATE INDEX ix_instance_timeline ON instance (source_id, state, time_s, label, verdict);
CREATE INDEX ix_instance_track_id ON instance (track_id);
CREATE INDEX ix_instance_frame_id ON instance (frame_id);
CREATE INDEX ix_instance_keypoint_queue ON instance (state, category, thinned, label, points_placed, id, verdict, size, track_id, source_id, camera_id);

CREATE TABLE cutout (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    instance_id INTEGER NOT NULL,
    mask_id INTEGER NOT NULL,
    background_id INTEGER,
    x INTEGER NOT NULL,
    y INTEGER NOT NULL,
    w INTEGER NOT NULL,
    h INTEGER NOT NULL,
    light_red INTEGER NOT NULL,
    light_green INTEGER NOT NULL,
    light_blue INTEGER NOT NULL,
    light_pixels INTEGER NOT NULL,
    background_red INTEGER NOT NULL,
    background_green INTEGER NOT NULL,
    background_blue INTEGER NOT NULL,
    job_id INTEGER,
    created_at FLOAT NOT NULL,
    pixels BLOB NOT NULL,
    planes BLOB NOT NULL,
    CONSTRAINT fk_cutout_instance_id FOREIGN KEY(instance_id) REFERENCES instance (id),
    CONSTRAINT fk_cutout_background_id FOREIGN KEY(background_id) REFERENCES background (id),
    CONSTRAINT fk_cutout_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE INDEX ix_cutout_instance_id ON cutout (instance_id);

CREATE TABLE keypoint_set (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    instance_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    template TEXT NOT NULL,
    points JSON NOT NULL,
    placed INTEGER NOT NULL,
    origin TEXT NOT NULL,
    annotator_id INTEGER,
    job_id INTEGER,
    created_at FLOAT NOT NULL,
    CONSTRAINT uq_keypoint_set_instance_id_version UNIQUE (instance_id, version),
    CONSTRAINT fk_keypoint_set_instance_id FOREIGN KEY(instance_id) REFERENCES instance (id),
    CONSTRAINT fk_keypoint_set_annotator_id FOREIGN KEY(annotator_id) REFERENCES annotator (id),
    CONSTRAINT fk_keypoint_set_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);

CREATE TABLE fit (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    instance_id INTEGER NOT NULL,
    camera_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    method TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    rotation JSON NOT NULL,
    translation JSON NOT NULL,
    place JSON,
    heading_rad FLOAT,
    shape JSON NOT NULL,
    length_m FLOAT NOT NULL,
    width_m FLOAT NOT NULL,
    height_m FLOAT NOT NULL,
    distance_m FLOAT NOT NULL,
    rms_px FLOAT NOT NULL,
    noise_px FLOAT NOT NULL,
    residuals JSON NOT NULL,
    outliers JSON NOT NULL,
    used INTEGER NOT NULL,
    swapped BOOLEAN NOT NULL,
    sigma_m FLOAT NOT NULL,
    sigmas JSON,
    keypoint_set_id INTEGER,
    mask_id INTEGER,
    calibration_id INTEGER,
    shape_space TEXT NOT NULL,
    review TEXT,
    review_reason TEXT,
    reviewer_id INTEGER,
    reviewed_at FLOAT,
    annotator_id INTEGER,
    job_id INTEGER,
    created_at FLOAT NOT NULL,
    in_force BOOLEAN NOT NULL,
    verdict_rank INTEGER NOT NULL,
    review_rank INTEGER NOT NULL,
    body JSON,
    CONSTRAINT ck_fit_verdict_rank_follows CHECK (verdict_rank = (CASE verdict WHEN 'too_few_points' THEN 0 WHEN 'outside_shape_space' THEN 1 WHEN 'ambiguous' THEN 2 ELSE 3 END)),
    CONSTRAINT ck_fit_review_rank_follows CHECK (review_rank = (CASE WHEN review IS NULL THEN 0 WHEN review = 'rejected' THEN 1 ELSE 2 END)),
    CONSTRAINT uq_fit_instance_id_version UNIQUE (instance_id, version),
    CONSTRAINT fk_fit_instance_id FOREIGN KEY(instance_id) REFERENCES instance (id),
    CONSTRAINT fk_fit_camera_id FOREIGN KEY(camera_id) REFERENCES camera (id),
    CONSTRAINT fk_fit_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_fit_reviewer_id FOREIGN KEY(reviewer_id) REFERENCES annotator (id),
    CONSTRAINT fk_fit_annotator_id FOREIGN KEY(annotator_id) REFERENCES annotator (id),
    CONSTRAINT fk_fit_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE INDEX ix_fit_review ON fit (review_rank, id, camera_id, source_id, verdict_rank, method, in_force) WHERE in_force = 1;
CREATE INDEX ix_fit_sigma ON fit (sigma_m, id, camera_id, source_id, verdict_rank, review_rank, method, in_force) WHERE in_force = 1;
CREATE INDEX ix_fit_length ON fit (length_m, id, camera_id, source_id, verdict_rank, review_rank, method, in_force) WHERE in_force = 1;
CREATE INDEX ix_fit_rms ON fit (rms_px, id, camera_id, source_id, verdict_rank, review_rank, method, in_force) WHERE in_force = 1;
CREATE INDEX ix_fit_verdict ON fit (verdict_rank, id, camera_id, source_id, review_rank, method, in_force) WHERE in_force = 1;
CREATE INDEX ix_fit_newest ON fit (id, camera_id, source_id, verdict_rank, review_rank, method, in_force) WHERE in_force = 1;
CREATE INDEX ix_fit_distance ON fit (distance_m, id, camera_id, source_id, verdict_rank, review_rank, method, in_force) WHERE in_force = 1;
CREATE INDEX ix_fit_stature ON fit (height_m, id, camera_id, source_id, verdict_rank, review_rank, method, in_force) WHERE in_force = 1;

CREATE TABLE mask (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    instance_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    height INTEGER NOT NULL,
    width INTEGER NOT NULL,
    counts BLOB NOT NULL,
    area INTEGER NOT NULL,
    origin TEXT NOT NULL,
    annotator_id INTEGER,
    job_id INTEGER,
    created_at FLOAT NOT NULL,
    CONSTRAINT uq_mask_instance_id_version UNIQUE (instance_id, version),
    CONSTRAINT fk_mask_instance_id FOREIGN KEY(instance_id) REFERENCES instance (id),
    CONSTRAINT fk_mask_annotator_id FOREIGN KEY(annotator_id) REFERENCES annotator (id),
    CONSTRAINT fk_mask_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);

CREATE TABLE crop (
    instance_id INTEGER NOT NULL,
    x INTEGER NOT NULL,
    y INTEGER NOT NULL,
    w INTEGER NOT NULL,
    h INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (instance_id),
    CONSTRAINT fk_crop_instance_id FOREIGN KEY(instance_id) REFERENCES instance (id)
);

CREATE TABLE occlusion_test (
    instance_id INTEGER NOT NULL,
    test TEXT NOT NULL,
    value FLOAT NOT NULL,
    threshold FLOAT NOT NULL,
    occluded BOOLEAN NOT NULL,
    margin FLOAT NOT NULL,
    by_instance_id INTEGER,
    detail TEXT NOT NULL,
    job_id INTEGER,
    PRIMARY KEY (instance_id, test),
    CONSTRAINT fk_occlusion_test_instance_id FOREIGN KEY(instance_id) REFERENCES instance (id),
    CONSTRAINT fk_occlusion_test_job_id FOREIGN KEY(job_id) REFERENCES job (id)
)
 WITHOUT ROWID
;

CREATE TABLE review (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    instance_id INTEGER NOT NULL,
    annotator_id INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT,
    decided_at FLOAT NOT NULL,
    CONSTRAINT uq_review_instance_id_annotator_id UNIQUE (instance_id, annotator_id),
    CONSTRAINT fk_review_instance_id FOREIGN KEY(instance_id) REFERENCES instance (id),
    CONSTRAINT fk_review_annotator_id FOREIGN KEY(annotator_id) REFERENCES annotator (id)
);
CREATE INDEX ix_review_annotator ON review (annotator_id, instance_id);

CREATE TABLE piece (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    cutout_id INTEGER NOT NULL,
    instance_id INTEGER NOT NULL,
    camera_id INTEGER NOT NULL,
    track_id INTEGER,
    category TEXT NOT NULL,
    time_s FLOAT NOT NULL,
    captured_at FLOAT,
    standing BOOLEAN NOT NULL,
    x INTEGER NOT NULL,
    y INTEGER NOT NULL,
    w INTEGER NOT NULL,
    h INTEGER NOT NULL,
    area INTEGER NOT NULL,
    mask_id INTEGER NOT NULL,
    keypoint_set_id INTEGER,
    fit_id INTEGER,
    calibration_id INTEGER,
    carries_fit BOOLEAN NOT NULL,
    footprint BLOB,
    light_q8 INTEGER NOT NULL,
    job_id INTEGER,
    created_at FLOAT NOT NULL,
    in_force BOOLEAN NOT NULL,
    CONSTRAINT ck_piece_fit_is_named CHECK (carries_fit = 0 OR fit_id IS NOT NULL),
    CONSTRAINT fk_piece_cutout_id FOREIGN KEY(cutout_id) REFERENCES cutout (id),
    CONSTRAINT fk_piece_instance_id FOREIGN KEY(instance_id) REFERENCES instance (id),
    CONSTRAINT fk_piece_camera_id FOREIGN KEY(camera_id) REFERENCES camera (id),
    CONSTRAINT fk_piece_job_id FOREIGN KEY(job_id) REFERENCES job (id)
);
CREATE INDEX ix_piece_stock ON piece (camera_id, category, id) WHERE in_force = 1;
CREATE INDEX ix_piece_instance ON piece (instance_id, in_force);
