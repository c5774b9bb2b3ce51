"""Models of topics, links and clickbait: features, fitted parameters, scores in plain Python.

    pair_vocabulary > pair_features, parameters > plain_scorer
    parameters, tfidf_features, plain_scorer > pair_fitting > pipelines

Predicting needs no scikit-learn; `tfidf_features`, `pair_fitting` and `pipelines` are of training.
"""
