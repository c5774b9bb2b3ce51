"""Steps of saring for other projects' pipelines, each in the module of its name; none is imported unless asked for."""
