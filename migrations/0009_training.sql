-- Training sites: what the screen asks of a desk's simulated reader.

CREATE TABLE training_task (
    id uuid PRIMARY KEY,
    desk_id uuid NOT NULL REFERENCES desk,
    body jsonb NOT NULL,
    created_by uuid REFERENCES operator,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    handed_at timestamptz,
    done_at timestamptz,
    result jsonb,
    CHECK ((done_at IS NULL) = (result IS NULL))
);
CREATE INDEX training_task_open ON training_task (desk_id, created_at) WHERE done_at IS NULL;
CREATE INDEX training_task_done ON training_task (desk_id, done_at) WHERE done_at IS NOT NULL;
COMMENT ON TABLE training_task IS 'Acts on simulated readers: place a card, take it, cut it off; training sites only';
COMMENT ON COLUMN training_task.id IS 'Id; the agent answers with it';
COMMENT ON COLUMN training_task.desk_id IS 'Desk whose reader it is for';
COMMENT ON COLUMN training_task.body IS 'The action and its members, as the agent gets them';
COMMENT ON COLUMN training_task.created_by IS 'Operator who asked';
COMMENT ON COLUMN training_task.created_at IS 'When';
COMMENT ON COLUMN training_task.handed_at IS 'When it was handed to the agent last';
COMMENT ON COLUMN training_task.done_at IS 'When the agent answered';
COMMENT ON COLUMN training_task.result IS 'Its answer: ok, message, cards';
